namespace NativeRetrieval.TestSupport;

/// <summary>Small WAV files, 16-bit PCM with one channel.</summary>
public static class WavFile
{
    /// <summary>Writes a tone; another pitch is another content.</summary>
    /// <param name="statedSamples">The length that the header states, where it is not the true one.</param>
    public static void Write(string path, double seconds, double pitchHz, int? statedSamples = null)
    {
        const int rateHz = 16_000;
        Write(path, [.. Enumerable.Range(0, (int)(seconds * rateHz))
            .Select(i => (short)(15_000 * Math.Sin(2 * Math.PI * pitchHz * i / rateHz)))], rateHz, statedSamples);
    }

    /// <summary>Writes samples.</summary>
    /// <param name="statedSamples">The length that the header states, where it is not the true one.</param>
    public static void Write(string path, short[] samples, int rateHz, int? statedSamples = null)
    {
        int stated = 2 * (statedSamples ?? samples.Length);
        using var file = new BinaryWriter(File.Create(path));
        file.Write("RIFF"u8);
        file.Write(36 + stated);
        file.Write("WAVEfmt "u8);
        file.Write(16);
        file.Write((short)1);
        file.Write((short)1);
        file.Write(rateHz);
        file.Write(2 * rateHz);
        file.Write((short)2);
        file.Write((short)16);
        file.Write("data"u8);
        file.Write(stated);
        foreach (short sample in samples) file.Write(sample);
    }
}
