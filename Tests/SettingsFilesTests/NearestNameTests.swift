import SettingsFiles
import Testing

@Suite("the nearest name")
struct NearestNameTests {
    @Test(
        "fewest edits win, a swap counting as one",
        arguments: [("abdc", "abcd"), ("xyz", "xyzz"), ("abce", "abcd"), ("", "ab")])
    func fewestEditsWin(name: String, nearest: String) {
        let names = ["ab", "abcd", "xyzz", "acbde"]
        #expect(NearestName.nearest(to: name, among: names) == nearest)
    }

    @Test("without candidates there is none")
    func withoutCandidates() {
        #expect(NearestName.nearest(to: "a", among: []) == nil)
    }
}
