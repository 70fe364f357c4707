/// What is asked of a model: an answer to a message with a label, or a summary.
public enum RoutingTask: Hashable, Sendable {
  case message(MessageLabel)
  case summarisation

  /// All of them, in the order in which they are listed.
  public static var all: [RoutingTask] {
    MessageLabel.allCases.map { .message($0) } + [.summarisation]
  }

  /// The name on the wire and in the configuration.
  public var name: String {
    switch self {
    case .message(let label): "\(label.name)"
    case .summarisation: "summarisation"
    }
  }

  /// The task called `name`; nil for an unknown one.
  public init?(named name: String) {
    guard let task = Self.all.first(where: { $0.name == name }) else { return nil }
    self = task
  }
}

/// The operator's rules: which tasks the economy tier serves, and what is assumed of turns that are
/// yet to come.
public struct RoutingPolicy: Equatable, Sendable {
  /// Tasks of the economy tier; all others are the premium tier's.
  public var economyTasks: Set<RoutingTask> = [
    .message(.greeting), .message(.confirmation), .message(.smallTalk), .summarisation,
  ]
  /// Tokens of the instructions in front of a conversation, where it does not say.
  public var systemTokens = 1500
  /// Tokens of an answer, as expected; and at most, which is what budgets reserve for.
  public var answerTokens = 300
  public var answerTokensMax = 1024
  /// How the tier is chosen when going down would leave a warm cache behind.
  public var tierChoice = TierChoice()

  /// The defaults.
  public init() {}

  /// The tier that a task asks for.
  public func tier(of task: RoutingTask) -> Tier {
    economyTasks.contains(task) ? .economy : .premium
  }

  /// Reads names of tasks, separated by spaces.
  ///
  /// - Returns: nil, and the name in question, when there is no such task.
  public static func tasks(
    _ text: String
  ) -> (tasks: Set<RoutingTask>?, unknown: String) {
    var tasks: Set<RoutingTask> = []
    for word in text.split(separator: " ") {
      guard let task = RoutingTask(named: word.lowercased()) else { return (nil, String(word)) }
      tasks.insert(task)
    }
    return (tasks, "")
  }
}
