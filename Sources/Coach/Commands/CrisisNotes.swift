internal import Bytes
internal import RESPServer

extension CommandContext {
  /// What a message signals.
  func safetyAssessment(of text: ByteView) -> SafetyAssessment { SafetyAssessment() }

  /// Tells staff of a crisis.
  func noteCrisis(_ safety: SafetyAssessment, conversation: ByteView, user: String) {}
}
