using NativeRetrieval.Audio.Decoding;

namespace NativeRetrieval.Audio.Tests.Decoding;

/// <summary>Decodes bytes or files to their end.</summary>
static class Decode
{
    public static float[] All(string path, int framesAtOnce = 1000)
    {
        using IAudioStream stream = AudioDecoder.Open(path);
        var block = new float[framesAtOnce * stream.Channels];
        var all = new List<float>();
        while (stream.Read(block) is var frames and > 0) all.AddRange(block.AsSpan(0, frames * stream.Channels));
        return [.. all];
    }

    public static float[] Bytes(byte[] bytes, int framesAtOnce = 1000)
    {
        using var folder = new TemporaryFolder();
        string path = folder["sound.wav"];
        File.WriteAllBytes(path, bytes);
        return All(path, framesAtOnce);
    }

    public static string ErrorOf(byte[] bytes)
    {
        using var folder = new TemporaryFolder();
        string path = folder["sound.wav"];
        File.WriteAllBytes(path, bytes);
        var error = Assert.Throws<Core.Errors.AudioDecodeException>(() => All(path));
        Assert.StartsWith(path + ": ", error.Message, StringComparison.Ordinal);
        return error.Message[(path.Length + 2)..];
    }
}
