/// SVG as it is written, element by element. Coordinates are tenths of a pixel.
struct SVGText {
    private var bytes: [UInt8] = []

    var text: String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// The colours are Okabe's and Ito's, which people tell apart however they see colours.
    private static let style: StaticString = """
        <style>
        text{font:12px system-ui,sans-serif;fill:#1f2328}
        .ground{fill:#fff}.row{fill:#eef1f4}.axis{stroke:#8c959f;stroke-width:.5}
        .title{font-size:15px;font-weight:600}.note{fill:#59636e}
        .in{font-size:10px;paint-order:stroke;stroke:#fff;stroke-opacity:.7;stroke-width:2px}
        .c0{fill:#0072b2}.c1{fill:#e69f00}.c2{fill:#009e73}.c3{fill:#cc79a7}
        .c4{fill:#56b4e9}.c5{fill:#d55e00}.c6{fill:#b5a800}.c7{fill:#7f7f7f}
        @media(prefers-color-scheme:dark){
        text{fill:#e6edf3}.ground{fill:#0d1117}.row{fill:#21262d}.note{fill:#9198a1}
        .in{stroke:#0d1117}
        .c0{fill:#3d9bdc}.c2{fill:#1fb98c}.c5{fill:#f0762b}.c6{fill:#d6c81e}.c7{fill:#a0a0a0}
        }
        </style>

        """

    mutating func open(width: Int64, height: Int64, title: String) {
        bytes.append("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ")
        bytes.append(width, decimals: 1)
        bytes.append(" ")
        bytes.append(height, decimals: 1)
        bytes.append("\"")
        attribute("width", width)
        attribute("height", height)
        bytes.append(" role=\"img\">\n<title>")
        escape(title)
        bytes.append("</title>\n")
        bytes.append(Self.style)
        rectangle("ground", x: 0, y: 0, width: width, height: height)
        end()
    }

    mutating func close() {
        bytes.append("</svg>\n")
    }

    /// Begins a rectangle; `tooltip` or `end` must follow.
    mutating func rectangle(
        _ style: StaticString, x: Int64, y: Int64, width: Int64, height: Int64
    ) {
        bytes.append("<rect class=\"")
        bytes.append(style)
        bytes.append("\"")
        attributes(x: x, y: y, width: width, height: height)
    }

    /// Begins a rectangle in a request's colour; `opacity` in hundredths.
    mutating func bar(
        colour: Int, opacity: Int64, x: Int64, y: Int64, width: Int64, height: Int64
    ) {
        bytes.append("<rect class=\"c")
        bytes.append(Int64(colour))
        bytes.append("\"")
        attributes(x: x, y: y, width: width, height: height)
        attribute("fill-opacity", opacity, decimals: 2)
    }

    private mutating func attributes(x: Int64, y: Int64, width: Int64, height: Int64) {
        attribute("x", x)
        attribute("y", y)
        attribute("width", width)
        attribute("height", height)
    }

    private mutating func attribute(_ name: StaticString, _ value: Int64, decimals: Int = 1) {
        bytes.append(" ")
        bytes.append(name)
        bytes.append("=\"")
        bytes.append(value, decimals: decimals)
        bytes.append("\"")
    }

    private mutating func attribute(_ name: StaticString, _ value: StaticString) {
        bytes.append(" ")
        bytes.append(name)
        bytes.append("=\"")
        bytes.append(value)
        bytes.append("\"")
    }

    /// Ends an element.
    mutating func end() {
        bytes.append("/>\n")
    }

    /// Ends an element that says something when one points at it.
    mutating func end(tooltip: String) {
        bytes.append("><title>")
        escape(tooltip)
        bytes.append("</title></rect>\n")
    }

    mutating func line(fromX x1: Int64, y y1: Int64, toX x2: Int64, y y2: Int64) {
        bytes.append("<path class=\"axis\" d=\"M")
        point(x1, y1)
        bytes.append("L")
        point(x2, y2)
        bytes.append("\"/>\n")
    }

    enum Anchor {
        case start, middle, end

        fileprivate var attribute: StaticString? {
            switch self {
            case .start: nil
            case .middle: "middle"
            case .end: "end"
            }
        }
    }

    mutating func words(
        _ text: String, x: Int64, y: Int64, style: StaticString = "", anchor: Anchor = .start
    ) {
        bytes.append("<text")
        attribute("x", x)
        attribute("y", y)
        if style.utf8CodeUnitCount > 0 { attribute("class", style) }
        if let alignment = anchor.attribute { attribute("text-anchor", alignment) }
        bytes.append(">")
        escape(text)
        bytes.append("</text>\n")
    }

    /// Begins an area of rectangles in a request's colour; `opacity` in hundredths.
    mutating func openArea(colour: Int, opacity: Int64) {
        bytes.append("<path class=\"c")
        bytes.append(Int64(colour))
        bytes.append("\"")
        attribute("fill-opacity", opacity, decimals: 2)
        bytes.append(" d=\"")
    }

    mutating func addToArea(x: Int64, y: Int64, width: Int64, height: Int64) {
        bytes.append("M")
        point(x, y)
        bytes.append("h")
        bytes.append(width, decimals: 1)
        bytes.append("v")
        bytes.append(height, decimals: 1)
        bytes.append("h")
        bytes.append(-width, decimals: 1)
        bytes.append("z")
    }

    mutating func closeArea() {
        bytes.append("\"/>\n")
    }

    private mutating func point(_ x: Int64, _ y: Int64) {
        bytes.append(x, decimals: 1)
        bytes.append(" ")
        bytes.append(y, decimals: 1)
    }

    /// Text as XML takes it; characters that XML does not have become U+FFFD.
    private mutating func escape(_ text: String) {
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x26: bytes.append("&amp;")
            case 0x3C: bytes.append("&lt;")
            case 0x3E: bytes.append("&gt;")
            case 0x22: bytes.append("&quot;")
            case 0x09, 0x0A, 0x0D: bytes.append(" ")
            case ..<0x20, 0x7F..<0xA0, 0xFFFE, 0xFFFF: bytes.append("\u{FFFD}")
            default: bytes += String(scalar).utf8
            }
        }
    }
}
