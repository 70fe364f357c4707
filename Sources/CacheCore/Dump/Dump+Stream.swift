import Bytes

extension DumpDecoder {
  mutating func stream(_ type: DumpType) throws(DumpError) -> ObjectReference {
    throw .badFormat
  }
}
