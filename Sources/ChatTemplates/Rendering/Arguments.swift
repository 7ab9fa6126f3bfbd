/// The arguments of a call, evaluated.
struct Arguments {
    typealias Named = (name: String, value: Value)

    var positional: [Value] = []
    var named: [Named] = []

    /// The values of the parameters of a built-in function, in their order; nil for those that
    /// are not given.
    func bind(
        _ parameters: [String], required: Int = 0, of function: String, _ renderer: Renderer
    ) throws(TemplateError) -> [Value?] {
        guard positional.count <= parameters.count else {
            throw renderer.fail("\(function) takes at most \(parameters.count) argument(s)")
        }
        var values: [Value?] = positional.map(Optional.some)
        values += Array(repeating: nil, count: parameters.count - values.count)
        for (name, value) in named {
            guard let index = parameters.firstIndex(of: name), values[index] == nil else {
                throw renderer.fail("\(function) got an unexpected keyword argument '\(name)'")
            }
            values[index] = value
        }
        for index in 0..<required where values[index] == nil {
            throw renderer.fail("\(function) is missing the argument '\(parameters[index])'")
        }
        return values
    }

    func refuseNamed(by function: String, _ renderer: Renderer) throws(TemplateError) {
        guard named.isEmpty else {
            throw renderer.fail("\(function) takes no keyword arguments")
        }
    }
}
