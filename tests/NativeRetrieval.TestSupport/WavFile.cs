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
    public static void Write(string path, short[] samples, int rateHz, int? statedSamples = null) =>
        File.WriteAllBytes(path, Of(samples, rateHz, statedSamples));

    /// <summary>The file of samples.</summary>
    /// <param name="statedSamples">The length that the header states, where it is not the true one.</param>
    public static byte[] Of(short[] samples, int rateHz, int? statedSamples = null)
    {
        int stated = 2 * (statedSamples ?? samples.Length);
        var content = new MemoryStream(44 + 2 * samples.Length);
        using var file = new BinaryWriter(content);
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
        return content.ToArray();
    }

    /// <summary>MPEG frames as the sound of a WAV file.</summary>
    /// <param name="tag">0x55: layer III; 0x50: layers I and II.</param>
    /// <param name="isBigEndian">RIFX.</param>
    public static byte[] OfMpeg(byte[] frames, int tag = 0x55, bool isBigEndian = false)
    {
        return [.. isBigEndian ? "RIFX"u8 : "RIFF"u8, .. Number(38 + frames.Length, 4), .. "WAVEfmt "u8, .. Number(18, 4),
            .. Number(tag, 2), .. Number(2, 2), .. Number(44_100, 4), .. Number(16_000, 4), .. Number(1, 2), .. Number(0, 4), .. "data"u8,
            .. Number(frames.Length, 4), .. frames];

        byte[] Number(int value, int count)
        {
            byte[] bytes = [.. BitConverter.GetBytes(value)[..count]];
            if (isBigEndian) Array.Reverse(bytes);
            return bytes;
        }
    }
}
