/// A value that a template is given, in the shapes of JSON.
package indirect enum TemplateValue: Sendable {
    /// As if the variable or key were not there.
    case undefined
    case none
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case list([TemplateValue])
    /// In the order in which the template sees the keys; of equal keys the last value counts.
    case dictionary([(key: String, value: TemplateValue)])
}
