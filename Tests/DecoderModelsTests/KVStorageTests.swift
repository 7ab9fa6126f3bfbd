import Kernels
import Testing

@testable import DecoderModels

@Suite("KV storage")
struct KVStorageTests {
    @Test(
        "clearing a page makes its values zero in every layer and head, and nothing else",
        arguments: KVCacheType.allCases)
    func clearValues(type: KVCacheType) throws {
        let (layers, kvHeads, headSize) = (3, 2, 48)
        let storage = try KVStorage(
            layers: layers, pageCount: 4, kvHeads: kvHeads, headSize: headSize, type: type)
        let half = type.pageByteCount(headSize: headSize) / 2
        storage.pages(layer: 0, head: 0).update(repeating: 0xff, count: storage.byteCount)
        storage.clearValues(ofPage: 2)
        for page in 0..<UInt32(4) {
            for layer in 0..<layers {
                for head in 0..<kvHeads {
                    let keys = storage.page(page, layer: layer) + head * storage.headStride
                    let expected: UInt8 = page == 2 ? 0 : 0xff
                    #expect((0..<half).allSatisfy { keys[$0] == 0xff })
                    #expect((half..<2 * half).allSatisfy { keys[$0] == expected })
                }
            }
        }
    }

    @Test("it takes what the model's positions are said to take, but for a head that spreads pages")
    func byteCount() throws {
        let storage = try KVStorage(
            layers: 3, pageCount: 4, kvHeads: 3, headSize: 64, type: .int8)
        #expect(storage.byteCount == 4 * 9 * 64 * KVCacheType.int8.byteCount(headSize: 64))
        let spread = try KVStorage(
            layers: 2, pageCount: 4, kvHeads: 3, headSize: 64, type: .int8)
        #expect(spread.byteCount == 4 * 7 * 64 * KVCacheType.int8.byteCount(headSize: 64))
    }
}
