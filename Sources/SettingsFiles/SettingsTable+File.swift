import Foundation

extension SettingsTable {
    /// Reads a YAML file of at most 1 MiB.
    package init(contentsOf path: String) throws(SettingsError) {
        try self.init(yaml: Self.text(ofFile: path), file: path)
    }

    /// The text of a file of at most 1 MiB.
    package static func text(ofFile path: String) throws(SettingsError) -> String {
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? handle.close() }
            data = try handle.read(upToCount: SettingsParser.byteCountMax + 1) ?? Data()
        } catch {
            throw SettingsError(file: path, "the file cannot be read")
        }
        guard data.count <= SettingsParser.byteCountMax else {
            throw SettingsError.tooLong(file: path)
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw SettingsError(file: path, "the file is not text in UTF-8")
        }
        return text
    }
}
