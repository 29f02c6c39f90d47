using NativeRetrieval.Audio.Features;
using NativeRetrieval.Audio.Tests.Decoding;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Audio.Tests.Features;

public sealed class FeatureDefectTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_defect_is_told_from_the_cache_as_from_the_file()
    {
        string whole = Write("whole.wav", 0), cut = Write("cut.wav", 500);
        for (int round = 0; round < 2; round++)
        {
            var cache = new FeatureCache(_folder["cache"], FeatureSettings.Default);
            Assert.Null(cache.Get(whole).Defect);
            Assert.Contains("it was cut off", cache.Get(cut).Defect, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_entry_of_earlier_decoders_is_made_anew()
    {
        string cut = Write("cut.wav", 500);
        var cache = new FeatureCache(_folder["cache"], FeatureSettings.Default);
        var clip = cache.Get(cut);
        string entry = Directory.EnumerateFiles(_folder["cache"], "*.safetensors", SearchOption.AllDirectories).Single();
        Dictionary<string, string> metadata;
        using (var file = SafetensorsFile.Open(entry))
            metadata = file.Metadata.Where(pair => pair.Key is not ("decoding" or "defect")).ToDictionary();
        SafetensorsWriter.WriteRecomputable(entry, [SafetensorsItem.Float32("logmel", [clip.Frames, clip.MelBins], clip.Values)], metadata);
        Assert.Equal(clip.Defect, cache.Get(cut).Defect);
    }

    string Write(string name, int missingBytes)
    {
        byte[] whole = WavBytes.Pcm16(1, 32000, [.. Enumerable.Range(0, 32000).Select(i => (short)(i * 31))]);
        File.WriteAllBytes(_folder[name], whole[..^missingBytes]);
        return _folder[name];
    }
}
