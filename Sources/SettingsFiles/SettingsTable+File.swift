import Foundation

extension SettingsTable {
    /// Reads a YAML file of at most 1 MiB.
    package init(contentsOf path: String) throws(SettingsError) {
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? handle.close() }
            data = try handle.read(upToCount: SettingsParser.byteCountMax + 1) ?? Data()
        } catch {
            throw SettingsError(file: path, "the file cannot be read")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw SettingsError(file: path, "the file is not text in UTF-8")
        }
        try self.init(yaml: text, file: path)
    }
}
