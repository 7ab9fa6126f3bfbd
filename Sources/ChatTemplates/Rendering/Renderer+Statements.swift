/// How a body ended.
enum Flow {
    case normal, breakLoop, continueLoop
}

/// Bodies and tags.
extension Renderer {
    /// Renders a frame's body; `scope` is the frame's own.
    func render(
        _ frame: Frame, in scope: Scope, into output: inout String
    ) throws(TemplateError) -> Flow {
        declare(frame, in: scope)
        return try render(frame.body, in: scope, into: &output)
    }

    func render(
        _ body: [Statement], in scope: Scope, into output: inout String
    ) throws(TemplateError) -> Flow {
        try enter()
        defer { leave() }
        for statement in body {
            line = statement.line
            try charge()
            let flow = try render(statement, in: scope, into: &output)
            if flow != .normal { return flow }
        }
        return .normal
    }

    private func append(_ text: String, to output: inout String) throws(TemplateError) {
        try checkText(bytes: output.utf8.count + text.utf8.count, adding: text.utf8.count)
        output += text
    }

    private func checkText(bytes: Int, adding added: Int) throws(TemplateError) {
        try checkTextLength(bytes)
        try charge(bytes: added)
    }

    private func render(
        _ statement: Statement, in scope: Scope, into output: inout String
    ) throws(TemplateError) -> Flow {
        switch statement.node {
        case .text(let text):
            try append(text, to: &output)
        case .output(let expression):
            try append(try text(of: try evaluate(expression, in: scope)), to: &output)
        case .conditional(let branches, let otherwise):
            for branch in branches where try evaluate(branch.condition, in: scope).isTrue {
                return try render(branch.body, in: scope, into: &output)
            }
            return try render(otherwise, in: scope, into: &output)
        case .loop(let loop):
            try render(loop, in: scope, into: &output)
        case .assignment(let target, let expression):
            try assign(try evaluate(expression, in: scope), to: target, in: scope)
        case .blockAssignment(let target, let filter, let frame):
            let (text, flow) = try captured(frame, filter: filter, in: scope)
            guard flow == .normal else { return flow }
            try assign(text, to: target, in: scope)
        case .macro(let symbol, let definition):
            scope.set(symbol, to: .macro(try makeMacro(definition, in: scope)))
        case .callBlock(let callee, let arguments, let caller):
            let macro = try makeMacro(caller, in: scope)
            var arguments = try evaluate(arguments, in: scope)
            arguments.named.append(("caller", .macro(macro)))
            let result = try call(try evaluate(callee, in: scope), arguments)
            try append(try text(of: result), to: &output)
        case .filterBlock(let filter, let frame):
            let (text, flow) = try captured(frame, filter: filter, in: scope)
            guard flow == .normal else { return flow }
            try append(try self.text(of: text), to: &output)
        case .with(let bindings, let frame):
            return try render(bindings, frame, in: scope, into: &output)
        case .generation(let frame):
            _ = try render(frame, in: Scope(parent: scope, frame: frame), into: &output)
        case .breakLoop: return .breakLoop
        case .continueLoop: return .continueLoop
        }
        return .normal
    }

    /// The text of a body, filtered.
    private func captured(
        _ frame: Frame, filter: Expression, in scope: Scope
    ) throws(TemplateError) -> (Value, Flow) {
        let inner = Scope(parent: scope, frame: frame)
        var text = ""
        let flow = try render(frame, in: inner, into: &text)
        guard flow == .normal else { return (.none, flow) }
        let outerText = blockText
        blockText = text
        defer { blockText = outerText }
        return (try evaluate(filter, in: inner), .normal)
    }

    private func render(
        _ bindings: [Statement.Binding], _ frame: Frame, in scope: Scope,
        into output: inout String
    ) throws(TemplateError) -> Flow {
        let inner = Scope(parent: scope, frame: frame)
        // All values are evaluated outside, so they do not see each other.
        var values: [Value] = []
        for binding in bindings { values.append(try evaluate(binding.value, in: scope)) }
        for (binding, value) in zip(bindings, values) {
            try assign(value, to: binding.target, in: inner)
        }
        return try render(frame, in: inner, into: &output)
    }

    func assign(_ value: Value, to target: Target, in scope: Scope) throws(TemplateError) {
        switch target {
        case .variable(let symbol):
            scope.set(symbol, to: value)
        case .attribute(let symbol, let name):
            guard case .namespace(let namespace) = variable(symbol, in: scope) else {
                throw fail("cannot assign attribute '\(name)' on non-namespace object")
            }
            try set(name, to: value, in: namespace)
        case .tuple(let targets):
            let items = try elements(of: value)
            guard items.count == targets.count else {
                throw fail("cannot unpack \(items.count) values into \(targets.count) variables")
            }
            for (item, target) in zip(items, targets) { try assign(item, to: target, in: scope) }
        }
    }

    func set(_ name: String, to value: Value, in namespace: Namespace) throws(TemplateError) {
        guard !name.hasPrefix("_") else {
            throw fail("a namespace cannot have the attribute '\(name)'")
        }
        namespace.set(name, to: value)
    }
}
