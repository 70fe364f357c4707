import Bytes

// Lists: nodes as they are.
//
//     18  nodes (container value) ...      container 1: an element, 2: a listpack
//     14  nodes (ziplist) ... | 10  ziplist | 1  elements element ...

private enum Container {
  static let plain = 1
  static let packed = 2
}

extension DumpWriter {
  mutating func list(_ list: ListObject) {
    type(.quicklist)
    guard !list.isPacked else {
      length(1)
      length(Container.packed)
      return string(list.listpack.bytes)
    }
    let quicklist = list.quicklist
    length(quicklist.header.pointee.nodeCount)
    var place = quicklist.endNode(.head)
    while let here = place {
      let node = quicklist.node(here).pointee
      length(node.holdsListpack ? Container.packed : Container.plain)
      if node.isCompressed {
        compressed(node.compressedContent, byteCount: node.unpackedByteCount)
      } else {
        string(node.content)
      }
      place = quicklist.next(here)
    }
  }
}

extension DumpDecoder {
  mutating func list(_ type: DumpType) throws(DumpError) -> ObjectReference {
    let list = ListObject.makeLong(memory)
    do throws(DumpError) {
      switch type {
      case .quicklist: try readNodes(list.quicklist)
      case .list:
        for _ in 0..<(try reader.count()) {
          list.push(try reader.string(), at: .tail, limits.list)
        }
      case .listZiplist: try readZiplist(list)
      default: for _ in 0..<(try reader.count()) { try readZiplist(list) }
      }
      guard list.count > 0 else { throw .badFormat }
    } catch {
      list.object.destroy()
      throw error
    }
    list.settle(isShrinking: false, limits.list)
    // A list that is still long gets the compression that the limits want.
    list.prepareToGrow(bytes: 0, count: 0, limits.list)
    return list.object
  }

  private mutating func readNodes(_ quicklist: Quicklist) throws(DumpError) {
    for _ in 0..<(try reader.count(bytesEach: 2)) {
      let container = try reader.number()
      let content = try reader.block()
      switch Int(truncatingIfNeeded: container) {
      case Container.plain:
        guard !content.isEmpty else { throw .badFormat }
        quicklist.addNode(.plain(content, memory), at: .tail)
      case Container.packed:
        checkedBlockCount += 1
        guard Listpack.isValid(content, deeply: true) else { throw .badFormat }
        let listpack = Listpack.make(copying: content, memory)
        // Redis passes over empty nodes.
        guard !listpack.isEmpty else {
          listpack.destroy(memory)
          continue
        }
        quicklist.addNode(
          ListNode(base: listpack.base, count: UInt32(listpack.count), kind: .packed), at: .tail)
      default: throw .badFormat
      }
    }
  }

  private mutating func readZiplist(_ list: ListObject) throws(DumpError) {
    var ziplist = try ZiplistReader(try reader.string())
    while let value = try ziplist.next() {
      value.withText { list.push($0, at: .tail, limits.list) }
    }
  }
}
