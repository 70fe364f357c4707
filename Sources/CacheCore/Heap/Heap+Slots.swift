import Platform

extension Heap {
  /// `allocate`, the arena's lock being held.
  @inline(__always)
  func allocateLocked(_ sizeClass: SizeClass, arena: UnsafeMutablePointer<Arena>) -> UInt32? {
    var number = arena.pointee.partial[Int(sizeClass.rawValue)]
    if number == 0 {
      guard let fresh = openPage(sizeClass, arena: arena) else { return nil }
      number = fresh
    }
    let page = pages + Int(number)
    let units = sizeClass.units
    let offset: UInt16
    if page.pointee.freeHead != Page.noSlot {
      offset = page.pointee.freeHead
      page.pointee.freeHead = FreeSlot(base + Int(number) &* Self.pageBytes, offset).next
    } else {
      offset = page.pointee.bump
      page.pointee.bump = offset &+ UInt16(truncatingIfNeeded: units)
    }
    page.pointee.live &+= 1
    if page.pointee.freeHead == Page.noSlot
      && Int(page.pointee.bump) &+ units > Self.pageUnits
    {
      unlink(page, sizeClass: sizeClass, arena: arena)
    }
    arena.pointee.addLive(units &<< 3)
    return number &<< 11 | UInt32(offset)
  }

  /// `free`, the arena's lock being held.
  @inline(__always)
  func freeLocked(
    _ handle: UInt32, page: UnsafeMutablePointer<Page>, arena: UnsafeMutablePointer<Arena>
  ) {
    let sizeClass = SizeClass(rawValue: page.pointee.sizeClass)
    assert(sizeClass != .none && page.pointee.live > 0)
    let offset = UInt16(truncatingIfNeeded: handle & 0x7FF)
    assert(Int(offset) % sizeClass.units == 0 && offset < page.pointee.bump)
    let start = base + Int(handle &>> 11) &* Self.pageBytes
    FreeSlot(start, offset).write(next: page.pointee.freeHead)
    page.pointee.freeHead = offset
    page.pointee.live &-= 1
    arena.pointee.addLive(-(sizeClass.units &<< 3))
    if page.pointee.live == 0 {
      closePage(handle &>> 11, sizeClass: sizeClass, arena: arena)
    } else if page.pointee.previous == Page.unlisted {
      link(page, number: handle &>> 11, sizeClass: sizeClass, arena: arena)
    }
  }

  /// Gives the arena a page of the class.
  @inline(never)
  func openPage(_ sizeClass: SizeClass, arena: UnsafeMutablePointer<Arena>) -> UInt32? {
    pool.pointee.lock.acquire()
    let taken = pool.pointee.take()
    pool.pointee.lock.release()
    guard let number = taken else { return nil }
    let page = pages + Int(number)
    page.pointee = Page(
      sizeClass: sizeClass.rawValue, arena: arena.pointee.index, freeHead: Page.noSlot, live: 0,
      bump: 0, next: 0, previous: Page.unlisted)
    link(page, number: number, sizeClass: sizeClass, arena: arena)
    arena.pointee.addPages(1)
    return number
  }

  /// Takes an empty page from the arena.
  @inline(never)
  func closePage(
    _ number: UInt32, sizeClass: SizeClass, arena: UnsafeMutablePointer<Arena>
  ) {
    let page = pages + Int(number)
    unlink(page, sizeClass: sizeClass, arena: arena)
    page.pointee.sizeClass = SizeClass.none.rawValue
    page.pointee.previous = Page.unlisted
    arena.pointee.addPages(-1)
    pool.pointee.lock.acquire()
    pool.pointee.give(number)
    pool.pointee.lock.release()
  }

  /// Puts a page at the front of its class's list of pages with room.
  func link(
    _ page: UnsafeMutablePointer<Page>, number: UInt32, sizeClass: SizeClass,
    arena: UnsafeMutablePointer<Arena>
  ) {
    let first = arena.pointee.partial[Int(sizeClass.rawValue)]
    page.pointee.previous = 0
    page.pointee.next = first
    if first != 0 { pages[Int(first)].previous = number }
    arena.pointee.partial[Int(sizeClass.rawValue)] = number
  }

  /// Takes a page out of its class's list, if it is in it.
  func unlink(
    _ page: UnsafeMutablePointer<Page>, sizeClass: SizeClass, arena: UnsafeMutablePointer<Arena>
  ) {
    let previous = page.pointee.previous
    if previous >= Page.evacuating { return }
    let next = page.pointee.next
    if next != 0 { pages[Int(next)].previous = previous }
    if previous != 0 {
      pages[Int(previous)].next = next
    } else {
      arena.pointee.partial[Int(sizeClass.rawValue)] = next
    }
    page.pointee.previous = Page.unlisted
    page.pointee.next = 0
  }
}

/// A slot that is not in use.
///
///     b0  0000 1100: "expiry words" is 3, which no live entry has
///     b1  unused
///     b2  units from the page's start to the next free slot (u16)
struct FreeSlot {
  let address: UnsafeMutableRawPointer

  /// What marks a slot as free in an entry's first byte.
  static var mark: UInt8 { 0x0C }

  @inline(__always)
  init(_ pageStart: UnsafeMutableRawPointer, _ offset: UInt16) {
    address = pageStart + Int(offset) &<< 3
  }

  @inline(__always)
  var next: UInt16 { address.load(fromByteOffset: 2, as: UInt16.self) }

  @inline(__always)
  func write(next: UInt16) {
    address.storeBytes(of: Self.mark, as: UInt8.self)
    address.storeBytes(of: next, toByteOffset: 2, as: UInt16.self)
  }
}
