namespace NativeRetrieval.Benchmarks.Onnx;

/// <summary>
/// An ONNX model under construction: every call adds one node and returns the name of its output. Field numbers are those of
/// <c>onnx.proto3</c>; opset 17 (LayerNormalization is the youngest operator used).
/// </summary>
internal sealed class OnnxGraph(string name)
{
    const int OpsetVersion = 17, IrVersion = 8;
    const int Float = 1, Int64 = 7;

    readonly ProtobufWriter _graph = new ProtobufWriter().Text(2, name);
    int _names;

    /// <param name="dimensions">Sizes, or names of sizes that are known only at run time.</param>
    public string Input(string input, bool integers, params object[] dimensions) =>
        Declare(11, input, integers ? Int64 : Float, dimensions);

    public void Output(string output, params object[] dimensions) => Declare(12, output, Float, dimensions);

    /// <summary>A constant float tensor; without a shape it is a number.</summary>
    public string Constant(string tensor, float[] values, params int[] shape)
    {
        var writer = Initializer(tensor, Float, shape);
        _graph.Message(5, writer.Raw(9, values));
        return tensor;
    }

    /// <summary>A constant vector of integers.</summary>
    public string Constant(string tensor, params long[] values)
    {
        var writer = Initializer(tensor, Int64, [values.Length]);
        _graph.Message(5, writer.Raw(9, values));
        return tensor;
    }

    /// <summary>Adds a node; attributes are <c>long</c>, <c>float</c>, <c>string</c> or <c>long[]</c>.</summary>
    public string Node(string operation, string[] inputs, params (string Name, object Value)[] attributes) =>
        Named($"{operation}_{_names++}", operation, inputs, attributes);

    /// <summary>Adds a node whose output has a given name.</summary>
    public string Named(string output, string operation, string[] inputs, params (string Name, object Value)[] attributes) =>
        Several([output], operation, inputs, attributes);

    /// <summary>Adds a node with several outputs and returns the first.</summary>
    public string Several(string[] outputs, string operation, string[] inputs, params (string Name, object Value)[] attributes)
    {
        var node = new ProtobufWriter();
        foreach (string input in inputs) node.Text(1, input);
        foreach (string output in outputs) node.Text(2, output);
        node.Text(3, outputs[0]).Text(4, operation);
        foreach (var (key, value) in attributes) node.Message(5, Attribute(key, value));
        _graph.Message(1, node);
        return outputs[0];
    }

    /// <summary>Writes the model; a file of that name exists only when it is complete.</summary>
    public void Save(string path)
    {
        var model = new ProtobufWriter()
            .Integer(1, IrVersion)
            .Text(2, "NativeRetrieval")
            .Message(7, _graph)
            .Message(8, new ProtobufWriter().Text(1, "").Integer(2, OpsetVersion));
        string partial = path + ".partial";
        using (var file = File.Create(partial)) model.WriteTo(file);
        File.Move(partial, path, overwrite: true);
    }

    static ProtobufWriter Initializer(string tensor, int elementType, int[] shape)
    {
        var writer = new ProtobufWriter();
        foreach (int size in shape) writer.Integer(1, size);
        return writer.Integer(2, elementType).Text(8, tensor);
    }

    static ProtobufWriter Attribute(string key, object value)
    {
        var writer = new ProtobufWriter().Text(1, key);
        switch (value)
        {
            case float number:
                return writer.Single(2, number).Integer(20, 1);
            case long number:
                return writer.Integer(3, number).Integer(20, 2);
            case string text:
                return writer.Text(4, text).Integer(20, 3);
            case long[] numbers:
                foreach (long number in numbers) writer.Integer(8, number);
                return writer.Integer(20, 7);
            default:
                throw new ArgumentException(
                    $"attribute {key} is a {value.GetType().Name}; long, float, string or long[] is known", nameof(value));
        }
    }

    string Declare(int field, string tensor, int elementType, object[] dimensions)
    {
        var shape = new ProtobufWriter();
        foreach (object size in dimensions)
            shape.Message(
                1, size is string symbol ? new ProtobufWriter().Text(2, symbol) : new ProtobufWriter().Integer(1, Convert.ToInt64(size)));
        var type = new ProtobufWriter().Message(1, new ProtobufWriter().Integer(1, elementType).Message(2, shape));
        _graph.Message(field, new ProtobufWriter().Text(1, tensor).Message(2, type));
        return tensor;
    }
}
