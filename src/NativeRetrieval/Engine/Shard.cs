using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Engine;

/// <summary>
/// One of several equal shares of all sounds, for jobs that index beside each other. The content decides: a file lies in the same share
/// whatever its name and whichever job asks, and copies of it lie there, too.
/// </summary>
public sealed record Shard
{
    /// <summary>Bytes at either end of a file that stand for its content, beside its length: reading all of every file would take each job
    /// as long as the others' work.</summary>
    const int EndSizeBytes = 64 << 10;

    const int MostShards = 100_000;

    /// <param name="number">1 to <paramref name="of"/>.</param>
    /// <param name="of">Number of shares, 1 to 100,000.</param>
    /// <exception cref="OptionException">One of them is out of its range.</exception>
    public Shard(int number, int of)
    {
        if (of is < 1 or > MostShards || number < 1 || number > of)
            throw new OptionException($"shard {number}/{of}: expected I/N with I from 1 to N, and N up to {MostShards:N0}, such as 3/8");
        (Number, Of) = (number, of);
    }

    /// <summary>Number of this share, from 1.</summary>
    public int Number { get; }

    /// <summary>Number of shares.</summary>
    public int Of { get; }

    /// <summary>Name of the folder and, with <c>.json</c>, of the manifest of this share.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"shard-{Number:D5}-of-{Of:D5}");

    /// <summary>Reads a text such as <c>3/8</c>.</summary>
    /// <exception cref="OptionException">It has another form.</exception>
    public static Shard Parse(string text) => text.Split('/') is [var number, var of]
        && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int i)
        && int.TryParse(of, NumberStyles.None, CultureInfo.InvariantCulture, out int n)
        ? new Shard(i, n)
        : throw new OptionException($"shard {PlainText.Short(text)}: expected I/N with I from 1 to N, such as 3/8");

    /// <summary>True where a file is of this share. One that cannot be read is of a share, too, which reports it.</summary>
    public bool Holds(string path) => NumberOf(path, Of) == Number;

    /// <summary>Number of the share, from 1, that a file is of: the first 8 bytes of SHA-256 over its length and both ends, modulo
    /// <paramref name="of"/>.</summary>
    public static int NumberOf(string path, int of)
    {
        byte[] hash;
        try
        {
            hash = HashOf(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FileReadException)
        {
            hash = SHA256.HashData(Encoding.UTF8.GetBytes(path));
        }
        return 1 + (int)(BinaryPrimitives.ReadUInt64LittleEndian(hash) % (ulong)of);
    }

    static byte[] HashOf(string path)
    {
        using var file = RegularFile.OpenRead(path);
        long length = file.Length;
        byte[] bytes = new byte[sizeof(long) + Math.Min(length, 2 * EndSizeBytes)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, length);
        var ends = bytes.AsSpan(sizeof(long));
        if (length <= 2 * EndSizeBytes) file.ReadExactly(ends);
        else
        {
            file.ReadExactly(ends[..EndSizeBytes]);
            file.Seek(-EndSizeBytes, SeekOrigin.End);
            file.ReadExactly(ends[EndSizeBytes..]);
        }
        return SHA256.HashData(bytes);
    }

    /// <summary>The form that <see cref="Parse"/> reads.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number}/{Of}");
}
