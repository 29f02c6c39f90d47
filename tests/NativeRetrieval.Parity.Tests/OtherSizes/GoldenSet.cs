using NativeRetrieval.Encoders;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Parity.Tests.OtherSizes;

/// <summary>
/// A second set of golden files, laid out as the committed one and unlike it in every size and setting, computed by this program in float64
/// (the full-size files in float32). It shows that the cases take their sizes from the files; that the values are right, the reference's
/// own files show.
/// </summary>
public sealed class GoldenSet : IDisposable
{
    const int Seed = 7;

    readonly TemporaryFolder _folder = new();

    public GoldenSet()
    {
        Signals.WriteLogMel(_folder["fixtures/logmel.safetensors"]);
        Signals.WriteResampling(_folder["fixtures/resample.safetensors"]);
        AudioEncoders.WriteTrained(_folder["fixtures/cnn14-encoder/golden.safetensors"],
            new Cnn14Config { Channels = [3, 5, 7, 6, 9, 11], MelBins = 72 }, Seed);
        AudioEncoders.WriteTrained(_folder["fixtures/resnet38-encoder/golden.safetensors"],
            new ResNet38Config { Channels = [4, 5, 6, 7, 9, 10], MelBins = 48 }, Seed);
        AudioEncoders.WritePruned(_folder["fixtures/cnn14-small/eval.safetensors"], Seed);
        AudioEncoders.WriteFullSize(_folder["fixtures/full-size/audio.safetensors"], Seed);
        TextEncoders.WriteTiny(_folder["fixtures/bert-tiny"], Seed);
        TextEncoders.WriteBase(_folder["fixtures/full-size/bert-base.safetensors"], Seed);
        Clap.Write(_folder["fixtures/clap/clap-tiny"], Seed);
        TextEncoders.WritePretrained(_folder["weights/all-MiniLM-L6-v2"], _folder["fixtures/minilm"], Seed);
        TextEncoders.WriteTokens(_folder["fixtures/tokenizer"], _folder["data"]);
        Optimization.WriteLosses(_folder["fixtures/nt-xent.safetensors"]);
        Optimization.WriteAdam(_folder["fixtures/adam.safetensors"]);
        Rankings.Write(_folder["fixtures/metrics.safetensors"], _folder["fixtures/metrics.json"]);
        TrainingRuns.Write(_folder["fixtures/training-small.safetensors"], pretrained: null, Seed);
        TrainingRuns.Write(_folder["fixtures/training-full.safetensors"], _folder["weights/all-MiniLM-L6-v2"], Seed);
    }

    public ParityFolder Folder => new(_folder["fixtures"]);

    public void Dispose() => _folder.Dispose();

    /// <summary>Puts other content in a file's place while an action runs.</summary>
    public void With(string file, Action<string> rewrite, Action action)
    {
        string path = _folder[$"fixtures/{file}"], kept = _folder["kept"];
        File.Copy(path, kept, overwrite: true);
        try
        {
            rewrite(path);
            action();
        }
        finally
        {
            File.Copy(kept, path, overwrite: true);
        }
    }
}
