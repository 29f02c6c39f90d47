using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn.Checkpoints;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Tests.Checkpoints;

public sealed class StateFileTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    [Fact]
    public void State_survives_a_file_bit_for_bit()
    {
        using ProjectionHead source = Head(1), target = Head(2);
        StateFile.Write(_folder["a.safetensors"], source, new Dictionary<string, string> { ["step"] = "7" });
        using var file = SafetensorsFile.Open(_folder["a.safetensors"]);

        Assert.Empty(StateFile.Read(file, target));

        Assert.Equal("7", file.Metadata["step"]);
        Assert.Equal(Values(source), Values(target));
        StateFile.Write(_folder["b.safetensors"], target, new Dictionary<string, string> { ["step"] = "7" });
        Assert.Equal(File.ReadAllBytes(_folder["a.safetensors"]), File.ReadAllBytes(_folder["b.safetensors"]));
    }

    [Fact]
    public void Numbers_are_converted_to_the_module_s_type()
    {
        using var source = Head(1);
        using var wide = new ProjectionHead(3, 4, 2, CpuDevice.Shared, random: null, DType.Float64);
        StateFile.Write(_folder["a.safetensors"], source);
        using var file = SafetensorsFile.Open(_folder["a.safetensors"]);
        StateFile.Read(file, wide);
        Assert.Equal(Values(source), wide.State().SelectMany(pair => pair.Tensor.ToArray<double>()).Select(value => (float)value));
    }

    [Fact]
    public void A_module_is_handed_out_as_soon_as_it_is_read_before_the_next_one_takes_memory()
    {
        using var source = Head(1);
        using var target = new ProjectionHead(3, 4, 2, CpuDevice.Shared, random: null);
        StateFile.Write(_folder["a.safetensors"], source);
        using var file = SafetensorsFile.Open(_folder["a.safetensors"]);
        var seen = new List<(int Tensors, bool LastIsRead)>();
        StateFile.Read(file, target, filled: part => seen.Add((part.State().Count(),
            target.State().Last().Tensor.ToArray<float>().Any(value => value != 0))));
        Assert.Equal([(2, false), (2, true), (4, true)], seen);
    }

    [Fact]
    public void A_refused_file_changes_nothing()
    {
        using ProjectionHead source = Head(1), target = Head(2);
        float[] before = Values(target);
        SafetensorsWriter.Write(_folder["a.safetensors"], StateFile.Items(source).Take(3));
        using var file = SafetensorsFile.Open(_folder["a.safetensors"]);

        Assert.Contains("2.bias", Assert.Throws<CorruptFileException>(() => StateFile.Read(file, target)).Message);
        Assert.Equal(before, Values(target));
    }

    [Fact]
    public void Two_tensors_for_one_place_are_refused()
    {
        using var head = Head(1);
        SafetensorsWriter.Write(_folder["a.safetensors"], StateFile.Items(head).Concat(StateFile.Items(head, "copy.")));
        using var file = SafetensorsFile.Open(_folder["a.safetensors"]);
        Assert.Contains("both",
            Assert.Throws<CorruptFileException>(() => StateFile.Read(file, head, name => name.Replace("copy.", ""))).Message);
    }

    [Fact]
    public void One_file_holds_several_modules_under_prefixes()
    {
        using ProjectionHead audio = Head(1), text = Head(2), read = Head(3);
        SafetensorsWriter.Write(_folder["a.safetensors"], StateFile.Items(audio, "audio.").Concat(StateFile.Items(text, "text.")));
        using var file = SafetensorsFile.Open(_folder["a.safetensors"]);

        var ignored = StateFile.Read(file, read,
            name => name.StartsWith("text.", StringComparison.Ordinal) ? name["text.".Length..] : null);

        Assert.Equal(Values(text), Values(read));
        Assert.Equal(4, ignored.Count);
    }

    public void Dispose() => _folder.Dispose();

    static ProjectionHead Head(ulong seed) => new(3, 4, 2, CpuDevice.Shared, new PhiloxSequence(new Philox(seed)));

    static float[] Values(ProjectionHead head) => [.. head.State().SelectMany(pair => pair.Tensor.ToArray<float>())];
}
