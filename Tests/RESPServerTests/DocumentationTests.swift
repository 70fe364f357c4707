import Caching
import Coach
import Foundation
import HTTPServer
import ReadThrough
import Testing

@testable import RESPServer

/// The pages that are made from the program are those that are committed.
@Suite struct DocumentationTests {
  @Test(arguments: ["commands", "parameters"])
  func pageIsUpToDate(name: String) throws {
    let modules: [any ServerModule] = [
      CoachModule(), CachingModule { _ in nil }, HTTPModule(), ReadThroughModule(),
    ]
    let text =
      name == "commands"
      ? CommandsPage.markdown(modules: modules)
      : try ConfigurationRegistry(modules: modules).markdownPage()
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let page = root.appendingPathComponent("docs/\(name).md")
    let committed = try String(contentsOf: page, encoding: .utf8)
    #expect(
      committed == text,
      "run `swift run wingcache --print-page \(name) > docs/\(name).md` and commit the page")
  }

  @Test func usageLines() throws {
    let page = CommandsPage.markdown()
    let lines = Set(page.split(separator: "\n").map(String.init))
    #expect(lines.contains("    EXPIRE key seconds [NX | XX | GT | LT]"))
    #expect(lines.contains("    DEL key [key ...]"))
    #expect(lines.contains("    SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]"))
    #expect(lines.contains("    OBJECT ENCODING key"))
    #expect(lines.contains("    BITOP <AND | OR | XOR | NOT> destkey key [key ...]"))
  }
}
