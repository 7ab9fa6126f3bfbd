/// Calls of macros.
extension Renderer {
    func call(_ macro: Macro, _ arguments: Arguments) throws(TemplateError) -> Value {
        try enter()
        defer { leave() }
        let definition = macro.definition
        let scope = Scope(parent: macro.scope, frame: definition.frame)
        var named = arguments.named
        func take(_ name: String) -> Value? {
            guard let index = named.firstIndex(where: { $0.name.isExactly(name) }) else {
                return nil
            }
            return named.remove(at: index).value
        }
        let positional = arguments.positional
        var missing: [MacroDefinition.Parameter] = []
        for (index, parameter) in definition.parameters.enumerated() {
            if index < positional.count {
                scope.set(parameter.symbol, to: positional[index])
            } else if let value = take(parameter.name) {
                scope.set(parameter.symbol, to: value)
            } else {
                scope.set(parameter.symbol, to: .undefined(.parameter(parameter.name)))
                missing.append(parameter)
            }
        }
        try bindSpecial(definition, positional: positional, named: &named, in: scope)
        declare(definition.frame, in: scope)
        for parameter in missing {
            guard let value = parameter.defaultValue else { continue }
            scope.set(parameter.symbol, to: try evaluate(value, in: scope))
        }
        var text = ""
        let outerText = blockText
        defer { blockText = outerText }
        _ = try render(definition.frame.body, in: scope, into: &text)
        return .string(text)
    }

    /// Sets `caller`, `kwargs` and `varargs` if the body reads them, and refuses arguments that
    /// nobody takes.
    private func bindSpecial(
        _ definition: MacroDefinition, positional: [Value], named: inout [Arguments.Named],
        in scope: Scope
    ) throws(TemplateError) {
        let extra = positional.dropFirst(definition.parameters.count)
        if let symbol = definition.caller {
            let index = named.firstIndex { $0.name == "caller" }
            let caller = index.map { named.remove(at: $0).value }
            scope.set(symbol, to: caller ?? .undefined(.other("no caller defined")))
        }
        if let symbol = definition.keywordArguments {
            scope.set(symbol, to: try dictionary(named.map { (.string($0.name), $0.value) }))
        } else if let unknown = named.first {
            throw fail("macro '\(definition.name)' takes no keyword argument '\(unknown.name)'")
        }
        if let symbol = definition.variableArguments {
            scope.set(symbol, to: try tuple(Array(extra)))
        } else if !extra.isEmpty {
            let count = definition.parameters.count
            throw fail("macro '\(definition.name)' takes not more than \(count) argument(s)")
        }
    }
}
