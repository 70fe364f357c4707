internal import CPlatform
internal import Glibc

/// This process, as the system sees it.
public enum CurrentProcess {
  /// Its number.
  public static var identifier: Int32 { getpid() }

  /// The value of a variable of the environment; nil when it is not set. Nothing here ever changes
  /// the environment, so threads may read it.
  public static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  /// Removes a file that the process has made, if it is there.
  public static func removeFile(_ path: String) { _ = unlink(path) }

  /// The path of the running program; nil where the system does not tell.
  public static var executablePath: String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { text in
      let place = text.baseAddress!
      return cp_executable_path(place, text.count) == 0 ? String(cString: place) : nil
    }
  }

  /// Bytes of memory that it occupies; 0 where the system does not tell.
  public static var residentBytes: Int { Int(cp_resident_bytes()) }

  /// The most bytes it ever occupied.
  public static var residentBytesMax: Int { Int(cp_resident_bytes_max()) }

  /// CPU time in seconds.
  public struct CPUTimes: Sendable {
    /// Seconds spent in the kernel and in the program.
    public var system = 0.0
    public var user = 0.0
  }

  /// CPU time of all threads, and of children that have ended.
  public static var cpuTimes: (own: CPUTimes, children: CPUTimes) {
    var times = cp_cpu_times()
    cp_read_cpu_times(&times)
    return (
      CPUTimes(system: times.system, user: times.user),
      CPUTimes(system: times.children_system, user: times.children_user)
    )
  }

  /// CPU time of the main thread, in steps of 10 ms; nil where the system does not tell.
  public static var mainThreadTimes: CPUTimes? {
    var times = CPUTimes()
    return cp_main_thread_times(&times.system, &times.user) == 0 ? times : nil
  }

  /// Raises the limit of open descriptors to `wanted`, as far as the process may.
  ///
  /// - Returns: the limit then.
  public static func raiseDescriptorLimit(to wanted: Int) -> Int {
    Int(clamping: cp_raise_file_limit(UInt64(max(0, wanted))))
  }

  /// Puts the calling thread to sleep.
  public static func sleep(microseconds: Int64) { cp_sleep_microseconds(max(0, microseconds)) }
}

/// The allocator behind `malloc`, which large values and everything but entries come from.
public enum Allocator {
  /// "jemalloc-5.3.0" or "libc".
  public static var name: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { text in
      let place = text.baseAddress!
      cp_allocator_name(place, text.count)
      return String(cString: place)
    }
  }

  /// Bytes in use, bytes of the pages that hold them, and bytes resident.
  public static var figures: (allocated: Int, active: Int, resident: Int)? {
    var figures = cp_allocator_figures()
    guard cp_allocator_figures_now(&figures) == 0 else { return nil }
    return (Int(figures.allocated), Int(figures.active), Int(figures.resident))
  }

  /// Gives free memory back to the system.
  public static func purge() { cp_allocator_purge() }

  /// Has free memory go back to the system bit by bit, within ten seconds or so, from now on.
  ///
  /// - Returns: false when the allocator has no thread to do it.
  public static func purgeGradually() -> Bool { cp_allocator_purge_gradually() == 0 }

  /// A report for people, as the allocator words it.
  public static var report: String {
    var text = ""
    withUnsafeMutablePointer(to: &text) { place in
      cp_allocator_report(
        { opaque, piece in
          guard let opaque, let piece else { return }
          opaque.assumingMemoryBound(to: String.self).pointee += String(cString: piece)
        }, place)
    }
    return text
  }
}

extension Machine {
  /// Bytes of memory of the machine.
  public static var memoryBytes: Int { Int(cp_memory_bytes()) }

  /// Connections that may wait for `accept` at most (somaxconn); nil where it is not told.
  public static var listenBacklogMax: Int? {
    guard let text = try? File.read("/proc/sys/net/core/somaxconn", byteCountMax: 64) else {
      return nil
    }
    return Int(String(decoding: text.prefix { $0 != 0x0A }, as: UTF8.self))
  }

  /// As "Linux 6.1.0 x86_64".
  public static var systemName: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
      let place = text.baseAddress!
      cp_system_name(place, text.count)
      return String(cString: place)
    }
  }
}

/// Facts about the machine.
public enum Machine {
  /// Number of cores this process may run on, at least 1.
  public static var coreCount: Int { Int(cp_core_count()) }
}
