using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport;
using NativeRetrieval.TestSupport.Checkpoints;
using NativeRetrieval.WeightsConvert.Checkpoints;
using NativeRetrieval.WeightsConvert.Pickle;

namespace NativeRetrieval.WeightsConvert.Tests.Checkpoints;

/// <summary>Values around the tensors, as people pickle them and as nobody should. Storage 0 has the float32 values 0 to 5.</summary>
public sealed class PickledValueTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    [Fact]
    public void Tensors_of_a_pickled_module_get_the_names_of_its_state_dict()
    {
        // Net(_parameters={}, _buffers={}, _modules={'fc': Linear(_parameters={'weight': …}, _buffers={'mean': …}, _modules={})})
        var pickle = new PickleWriter().Global("my.model", "Net").Op(')').Raw(0x81).Op('}').Op('(')
            .Text("training").Raw(0x88).Text("_parameters").Op('}').Text("_buffers").Op('}')
            .Text("_modules").Op('}').Text("fc").Global("torch.nn.modules.linear", "Linear").Op(')').Raw(0x81).Op('}').Op('(')
            .Text("_parameters").Op('}').Text("weight").Values().Op('s').Text("_buffers").Op('}').Text("mean").Values().Op('s')
                .Text("_modules").Op('}').Op('u').Op('b')
            .Op('s').Op('u').Op('b');
        using var checkpoint = Open(pickle);
        Assert.Equal(["fc.weight", "fc.mean"], checkpoint.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(["1 of my.model.Net: kept as data, never instantiated", "1 of torch.nn.modules.linear.Linear: kept as data, never "
            + "instantiated"], checkpoint.Notes);
    }

    [Fact]
    public void Tensors_in_objects_and_subclassed_dictionaries_are_found()
    {
        var pickle = new PickleWriter().Op('}').Op('(')
            .Text("args").Global("argparse", "Namespace").Op(')').Raw(0x81).Op('}').Text("w").Values().Op('s').Op('b')
            .Text("config").Global("easydict", "EasyDict").Op(')').Raw(0x81).Text("w").Values().Op('s')
            .Text("bare").Values().Op('u');
        using var checkpoint = Open(pickle);
        Assert.Equal(["args.w", "config.w", "bare"], checkpoint.Tensors.Select(tensor => tensor.Name));
    }

    [Fact]
    public void A_tensor_alone_is_called_tensor()
    {
        using var checkpoint = Open(new PickleWriter().Values());
        Assert.Equal("tensor", Assert.Single(checkpoint.Tensors).Name);
    }

    [Fact]
    public void A_container_inside_itself_is_entered_once()
    {
        // d = {}; d['self'] = d; d['w'] = tensor; d['again'] = [d]
        var pickle = new PickleWriter().Op('}').Raw((byte)'q', 0).Op('(').Text("self").Raw((byte)'h', 0).Text("w").Values().Text("again")
            .Op(']').Raw((byte)'h', 0).Op('a').Op('u');
        using var checkpoint = Open(pickle);
        Assert.Equal("w", Assert.Single(checkpoint.Tensors).Name);
    }

    [Fact]
    public void Lists_that_double_again_and_again_are_refused()
    {
        var pickle = new PickleWriter().Op(']').Values().Op('a');
        for (int i = 0; i < 60; i++) pickle.Raw((byte)'q', 1, (byte)'0', (byte)']', (byte)'(', (byte)'h', 1, (byte)'h', 1, (byte)'e');
        Assert.Contains("longer than a file of this size", Refuse(pickle), StringComparison.Ordinal);
    }

    [Fact]
    public void Doubling_without_tensors_costs_nothing()
    {
        var pickle = new PickleWriter().Op('}').Text("w").Values().Op('s').Text("x").Op(']');
        for (int i = 0; i < 60; i++) pickle.Raw((byte)'q', 1, (byte)'0', (byte)']', (byte)'(', (byte)'h', 1, (byte)'h', 1, (byte)'e');
        using var checkpoint = Open(pickle.Op('s'));
        Assert.Single(checkpoint.Tensors);
    }

    [Fact]
    public void Views_that_repeat_a_value_until_the_disk_is_full_are_refused() =>
        Assert.Contains("64 times the file",
            Refuse(new PickleWriter().Op('}').Text("w").Tensor("FloatStorage", "0", 6, 0, [1L << 40], [0]).Op('s')),
            StringComparison.Ordinal);

    [Theory]
    [InlineData(4, 3, 1, 28)]
    [InlineData(0, 4, 2, 28)]
    public void A_view_past_the_end_of_its_storage_is_refused(long offset, long size, long stride, int reach) =>
        Assert.Contains($"tensor 'w': size [{size}] with stride [{stride}] from element {offset} reaches byte {reach} of storage '0', "
            + "which has 24",
            Refuse(new PickleWriter().Op('}').Text("w").Tensor("FloatStorage", "0", 6, offset, [size], [stride]).Op('s')),
            StringComparison.Ordinal);

    [Fact]
    public void What_lies_under_a_mark_is_out_of_reach() =>
        Assert.Contains("more values than there are on the stack",
            Refuse(new PickleWriter().Global("collections", "OrderedDict").Op('(').Op(')').Op('R')), StringComparison.Ordinal);

    [Fact]
    public void One_path_for_two_tensors_is_refused() =>
        Assert.Contains("two tensors have the path 'a.b'",
            Refuse(new PickleWriter().Op('}').Op('(').Text("a.b").Values().Text("a").Op('}').Text("b").Values().Op('s').Op('u')),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("os", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("subprocess", "Popen")]
    public void Instances_of_dangerous_names_are_refused(string module, string name) =>
        Assert.Contains($"it asks to call {module}.{name}",
            Refuse(new PickleWriter().Op('}').Text("w").Global(module, name).Op(')').Raw(0x81).Op('s')), StringComparison.Ordinal);

    [Theory]
    [InlineData("torch._utils", "_rebuild_qtensor", "quantised")]
    [InlineData("torch._utils", "_rebuild_sparse_tensor", "sparse")]
    public void Tensors_that_are_no_plain_numbers_are_skipped_and_reported(string module, string function, string reason)
    {
        var pickle = new PickleWriter().Op('}').Op('(').Text("odd").Global(module, function).Op(')').Op('R').Text("w").Values().Op('u');
        using var checkpoint = Open(pickle);
        Assert.Equal("w", Assert.Single(checkpoint.Tensors).Name);
        Assert.Equal([$"tensor 'odd' was skipped: it is {reason}"], checkpoint.Notes);
    }

    [Fact]
    public void Complex_tensors_are_skipped_and_reported()
    {
        using var checkpoint = Open(new PickleWriter().Op('}').Op('(').Text("z").Tensor("ComplexFloatStorage", "0", 3, 0, [3], [1])
            .Text("w").Values().Op('u'));
        Assert.Equal(["tensor 'z' was skipped: it is of type complex64"], checkpoint.Notes);
    }

    /// <summary>PyTorch 2 describes some tensors by an untyped storage and the tensor's own type.</summary>
    [Fact]
    public void A_tensor_may_bring_its_type_itself()
    {
        var pickle = new PickleWriter().Op('}').Text("w").Global("torch._utils", "_rebuild_tensor_v3").Op('(')
            .Storage("UntypedStorage", "0", 24).Integer(1).Tuple(2).Tuple(2)
            .Raw(0x89).Op('}').Global("torch", "float32").Op('t').Op('R').Op('s');
        using var checkpoint = Open(pickle);
        Assert.Equal([1f, 3f], Values(checkpoint));
    }

    [Fact]
    public void Old_class_references_and_plain_values_do_no_harm()
    {
        // ('module', class, file, source) of the legacy format, pathlib.PosixPath('a'), copyreg._reconstructor(C, object, None)
        var pickle = new PickleWriter().Op('}').Op('(')
            .Text("class").Op('(').Text("module").Global("m", "Net").Text("m.py").Text("class Net: pass").Op('t').Op('Q')
            .Text("path").Global("pathlib", "PosixPath").Text("a").Raw(0x85).Op('R')
            .Text("old").Global("copy_reg", "_reconstructor").Global("m", "C").Global("__builtin__", "object").Op('N').Raw(0x87).Op('R')
            .Text("w").Values().Op('u');
        using var checkpoint = Open(pickle);
        Assert.Equal([0f, 1f, 2f, 3f, 4f, 5f], Values(checkpoint));
        Assert.Equal(["1 of m.C: kept as data, never instantiated"], checkpoint.Notes);
    }

    /// <summary>All of these have the hash code 0 by themselves.</summary>
    [Fact]
    public void Hostile_keys_do_not_share_one_hash_code()
    {
        var keys = Enumerable.Range(1, 10_000).Select(i => (long)i << 32 | (long)i).ToArray();
        Assert.Single(keys.Select(key => key.GetHashCode()).Distinct());
        Assert.InRange(keys.Select(key => PickleDict.KeyComparer.Instance.GetHashCode(key)).Distinct().Count(), 9_900, 10_000);
        Assert.InRange(keys.Select(key => PickleDict.KeyComparer.Instance.GetHashCode(BitConverter.Int64BitsToDouble(key))).Distinct()
            .Count(), 9_900, 10_000);
    }

    public void Dispose() => _folder.Dispose();

    CheckpointFile Open(PickleWriter pickle)
    {
        string path = _folder["checkpoint.pt"];
        using (var file = File.Create(path))
        {
            var zip = new ZipWriter(file);
            zip.Add("checkpoint/data.pkl", pickle.ToArray());
            zip.Add("checkpoint/data/0", PickledValues.Bytes);
            zip.Finish();
        }
        return CheckpointFile.Open(path);
    }

    string Refuse(PickleWriter pickle) => Assert.Throws<CorruptFileException>(() =>
    {
        using var checkpoint = Open(pickle);
    }).Message;

    static float[] Values(CheckpointFile checkpoint)
    {
        using var bytes = new MemoryStream();
        checkpoint.CopyTo(checkpoint.Tensors[0], bytes, TestContext.Current.CancellationToken);
        return System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes.ToArray()).ToArray();
    }
}
