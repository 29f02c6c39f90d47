using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Engine;

/// <summary>
/// Vectors of query banks on disk, one safetensors file for a model, its precision and the sentences, known by the hash of all. A damaged
/// entry is made anew; nothing is ever deleted. Several processes may share a folder.
/// </summary>
internal sealed class QueryBankCache(string folder)
{
    const string TensorName = "vectors", ChecksumKey = "crc32c";

    /// <summary>The generation of text encoders: an entry of an earlier one may hold other vectors, and is made anew.</summary>
    const string Generation = "1";

    /// <summary>The stored vectors of sentences, or those that <paramref name="embed"/> makes and that are stored then.</summary>
    /// <param name="sentences">The bank's sentences, in their order.</param>
    /// <param name="width">Values of a vector.</param>
    public float[] GetOrAdd(RetrievalEngine engine, IReadOnlyList<string> sentences, int width, Func<float[]> embed)
    {
        string path = Path.Combine(folder, $"{KeyOf(engine, sentences)}.safetensors");
        if (TryRead(path, sentences.Count, width) is { } stored) return stored;
        float[] vectors = embed();
        try
        {
            DurableFile.CreateFolder(folder);
            SafetensorsWriter.WriteRecomputable(path, [SafetensorsItem.Float32(TensorName, [sentences.Count, width], vectors)],
                new Dictionary<string, string> { [ChecksumKey] = Checksum(vectors) });
        }
        catch (FileWriteException)
        {
            // A cache that cannot be written only costs time: the vectors are at hand.
        }
        return vectors;
    }

    static float[]? TryRead(string path, int count, int width)
    {
        if (!File.Exists(path)) return null;
        try
        {
            using var file = SafetensorsFile.Open(path);
            if (!file.Contains(TensorName) || !file.Entry(TensorName).Shape.AsSpan().SequenceEqual([count, width])) return null;
            float[] vectors = file.ReadFloat32(TensorName);
            return file.Metadata.GetValueOrDefault(ChecksumKey) == Checksum(vectors) ? vectors : null;
        }
        catch (Exception error) when (error is CorruptFileException or FileReadException)
        {
            return null;
        }
    }

    static string KeyOf(RetrievalEngine engine, IReadOnlyList<string> sentences)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(Generation);
        Add(engine.Fingerprint);
        Add(engine.Model.Device.Precision.ToString());
        Add(engine.TextPrecision.ToString());
        foreach (string sentence in sentences) Add(sentence);
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));

        void Add(string part)
        {
            // Lengths between parts: no two lists of parts give the same bytes.
            Span<byte> length = stackalloc byte[sizeof(int)];
            byte[] bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }
    }

    static string Checksum(ReadOnlySpan<float> vectors) =>
        Crc32C.Of(MemoryMarshal.AsBytes(vectors)).ToString("x8", CultureInfo.InvariantCulture);
}
