internal import Bytes
internal import CLua
internal import CacheCore
internal import Platform
internal import RESP

/// A function of a library.
struct LibraryFunction {
  let name: String
  let description: [UInt8]?
  let flags: ScriptFlags
  /// What the interpreter runs it by.
  let reference: Int32
}

/// A library of functions.
struct FunctionLibrary {
  let name: String
  let code: [UInt8]
  let functions: [LibraryFunction]
}

/// All libraries, and the one interpreter that they are loaded into. Touched with the gate held
/// only: a library may keep values between calls, so it exists once, not once a loop.
final class FunctionStore {
  let interpreter: Interpreter
  private(set) var libraries: [String: FunctionLibrary] = [:]
  /// By their names in lower case.
  private var functions: [String: LibraryFunction] = [:]
  private var owners: [String: String] = [:]

  init?(memoryMax: Int) {
    guard let interpreter = Interpreter(memoryMax: memoryMax, isForFunctions: true) else {
      return nil
    }
    self.interpreter = interpreter
  }

  /// The libraries in the order of their names.
  var sorted: [FunctionLibrary] { libraries.values.sorted { $0.name < $1.name } }

  /// Number of functions.
  var functionCount: Int { functions.count }

  /// Bytes that the libraries' texts take, roughly.
  var byteCount: Int { libraries.values.reduce(0) { $0 + 128 + $1.code.count } }

  /// A function by its name, in any case.
  func function(_ name: String) -> LibraryFunction? { functions[name.lowercased()] }

  /// Loads a library.
  ///
  /// - Parameter replaces: whether one of the same name may be there, which then goes.
  /// - Returns: its name.
  /// - Throws: what is wrong with it; nothing has changed then.
  func load(
    _ code: ByteView, replaces: Bool, _ context: borrowing CommandContext
  ) throws(CommandError) -> String {
    let header = try ScriptHeader(libraryBody: code)
    if !replaces, libraries[header.name] != nil {
      throw .made("ERR Library '\(header.name)' already exists")
    }
    let made = try register(code.dropFirst(header.length), context)
    do throws(CommandError) {
      guard !made.isEmpty else { throw .fixed("ERR No functions registered") }
      for function in made {
        let owner = owners[function.name.lowercased()]
        if let owner, owner != header.name {
          throw .made("ERR Function \(function.name) already exists")
        }
      }
    } catch {
      for function in made { interpreter.release(function.reference) }
      throw error
    }
    remove(header.name)
    insert(FunctionLibrary(name: header.name, code: code.array, functions: made))
    return header.name
  }

  /// Runs a library's code.
  private func register(
    _ code: ByteView, _ context: borrowing CommandContext
  ) throws(CommandError) -> [LibraryFunction] {
    var run = context.libraryRun()
    let outcome = withUnsafeMutablePointer(to: &run) { run in
      var host = ScriptRun.host(run)
      return wl_load(interpreter.state, &host, code.base, code.count)
    }
    guard outcome != Int32(WL_REPLY) else { return run.functions }
    for function in run.functions { interpreter.release(function.reference) }
    let text = interpreter.output.string
    throw .made(
      outcome == Int32(WL_FAILURE)
        ? "ERR Error compiling function: \(text)" : "ERR Error registering functions: \(text)")
  }

  private func insert(_ library: FunctionLibrary) {
    libraries[library.name] = library
    for function in library.functions {
      functions[function.name.lowercased()] = function
      owners[function.name.lowercased()] = library.name
    }
  }

  /// Deletes a library.
  ///
  /// - Returns: false when there is none of the name.
  @discardableResult
  func remove(_ name: String) -> Bool {
    guard let library = libraries.removeValue(forKey: name) else { return false }
    for function in library.functions {
      interpreter.release(function.reference)
      functions[function.name.lowercased()] = nil
      owners[function.name.lowercased()] = nil
    }
    return true
  }
}

extension CommandContext {
  /// The libraries; the interpreter is made when first needed. The caller has the gate.
  func functionStore() throws(CommandError) -> FunctionStore {
    if let store = server.state.pointee.functions { return store }
    let memoryMax = server.configuration.scriptMemoryMax
    guard let store = FunctionStore(memoryMax: memoryMax) else {
      throw .fixed("ERR out of memory")
    }
    server.state.pointee.functions = store
    return store
  }
}
