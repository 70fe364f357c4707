import Foundation

func exponential(_ value: Float) -> Float { Float(exp(Double(value))) }

func share(_ part: Int, _ whole: Int) -> Float { whole == 0 ? 0 : Float(part) / Float(whole) }

func percent(_ part: Int, _ whole: Int) -> String {
  String(format: "%.2f %% (%d of %d)", 100 * Double(share(part, whole)), part, whole)
}

func seconds(since start: Date) -> String {
  String(format: "%.1f", Date().timeIntervalSince(start))
}
