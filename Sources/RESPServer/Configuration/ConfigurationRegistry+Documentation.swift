extension ConfigurationRegistry {
  /// What `--help` prints.
  public static func usageText() -> String {
    """
    Usage: wingcache [/path/to/wingcache.conf] [options] [-]
           wingcache -                    read the configuration from standard input
           wingcache -v, --version        print the version
           wingcache -h, --help           print this text
           wingcache --print-page NAME    print the page "commands" or "parameters" in Markdown

    The file has the syntax of redis.conf. Every parameter can also be an option: --name value.
    Options win over standard input, standard input wins over the file.

    Examples:
           wingcache
           wingcache --port 7777 --maxmemory 512mb --maxmemory-policy allkeys-adaptive
           wingcache /etc/wingcache/wingcache.conf --loglevel verbose
           wingcache --bind 127.0.0.1 --requirepass secret
           echo 'maxmemory 128mb' | wingcache -

    """
  }

  /// The documentation page of all parameters in Markdown: docs/parameters.md.
  public func markdownPage() -> String {
    """
    # Configuration parameters

    Made from the parameters' own descriptions by `wingcache --print-page parameters`. They are set
    in the configuration file, as options of the command line, and with `CONFIG SET`, those aside
    that cannot change at run time. Those without an effect are accepted so that a redis.conf
    can be used as it is.


    """ + markdownTable()
  }

  /// All parameters as a table in Markdown.
  public func markdownTable() -> String {
    var text = """
      | parameter | values | default | at run time | effect |
      |---|---|---|---|---|

      """
    for (index, parameter) in parameters.enumerated()
    where !parameter.flags.contains(.hidden) {
      let alias = parameter.alias.map { " (`\($0)`)" } ?? ""
      let initial = initialText(parameter, index)
      let isFixed = !parameter.flags.isDisjoint(with: [.immutable, .fixed])
      let effect = parameter.hasEffect ? parameter.summary : "none yet"
      text += "| `\(parameter.name)`\(alias) | \(parameter.valuesText) | \(initial) "
      text += "| \(isFixed ? "no" : "yes") | \(effect) |\n"
    }
    return text
  }

  /// The default as the documentation shows it: what depends on the machine in words.
  private func initialText(_ parameter: ConfigurationParameter, _ index: Int) -> String {
    switch parameter.name {
    case "threads": return "number of cores"
    case "dir": return "where it is started"
    default:
      let text = text(at: index, in: defaults)
      return text.isEmpty ? "" : "`\(text)`"
    }
  }
}

extension ConfigurationParameter {
  /// The values in words.
  fileprivate var valuesText: String {
    switch kind {
    case .boolean: "yes, no"
    case .integer(let range): Self.rangeText(range)
    case .octal(let range):
      "octal, \(String(range.lowerBound, radix: 8)) to \(String(range.upperBound, radix: 8))"
    case .memory: "bytes"
    case .memoryOrPercent: "bytes or percent"
    case .text: "text"
    case .choice(let words, _): words.joined(separator: ", ")
    case .words(let words): "some of " + words.joined(separator: ", ")
    case .custom: "list"
    }
  }

  private static func rangeText(_ range: ClosedRange<Int>) -> String {
    let isOpen = range.upperBound >= Int(Int32.max)
    if isOpen, range.lowerBound <= Int(Int32.min) { return "number" }
    return isOpen ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
  }
}
