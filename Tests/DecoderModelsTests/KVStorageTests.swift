import Kernels
import PipelineTypes
import Testing

@testable import DecoderModels

@Suite("KV storage")
struct KVStorageTests {
    @Test(
        "clearing a page makes its values zero in every layer and head, and nothing else",
        arguments: KVCacheType.allCases)
    func clearValues(type: KVCacheType) throws {
        let (layers, kvHeads, headSize, pages) = (3, 2, 48, 20)
        let storage = try KVStorage(
            layers: layers, pageCount: pages, kvHeads: kvHeads, headSize: headSize, type: type)
        let half = type.pageByteCount(headSize: headSize) / 2
        storage.pages(layer: 0, head: 0).update(repeating: 0xff, count: storage.byteCount)
        storage.clearValues(ofPage: PageID(17))
        for page in 0..<UInt32(pages) {
            for layer in 0..<layers {
                for head in 0..<kvHeads {
                    let keys =
                        storage.page(PageID(page), layer: layer) + head * storage.layout.headStride
                    let expected: UInt8 = page == 17 ? 0 : 0xff
                    #expect((0..<half).allSatisfy { keys[$0] == 0xff })
                    #expect((half..<2 * half).allSatisfy { keys[$0] == expected })
                }
            }
        }
    }

    @Test(
        "it takes what the model's positions are said to take, in whole groups of pages",
        arguments: [(1, 16), (16, 16), (17, 32), (40, 48)])
    func byteCount(pages: Int, filledUp: Int) throws {
        let storage = try KVStorage(
            layers: 3, pageCount: pages, kvHeads: 3, headSize: 64, type: .int8)
        let position = KVCacheType.int8.byteCount(headSize: 64)
        #expect(storage.byteCount == filledUp * 9 * 64 * position)
    }
}
