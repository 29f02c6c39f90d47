using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Cuda.Compilation;

/// <summary>
/// Compiled kernels on disk, so that a second start compiles nothing. An entry's name is the hash of everything its content
/// depends on: text, headers, options, architecture, the compiler's identity. Several processes may share a folder.
/// </summary>
internal sealed class KernelCache(string folder)
{
    static ReadOnlySpan<byte> Magic => "NRKC"u8;
    const int HeaderBytes = 4 + SHA256.HashSizeInBytes, LargestImageBytes = 64 << 20;

    /// <summary><c>nativeretrieval/kernels</c> in the user's cache folder.</summary>
    public static string DefaultFolder
    {
        get
        {
            string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            if (string.IsNullOrEmpty(cache))
                cache = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
            return Path.Combine(cache, "nativeretrieval", "kernels");
        }
    }

    public string Folder => folder;

    /// <summary>The entry's path for this source and target.</summary>
    /// <param name="compiler"><see cref="KernelCompiler.Identity"/>.</param>
    public string PathOf(KernelSource source, KernelTarget target, string compiler)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string part in Parts()) Add(part);
        return Path.Combine(folder, $"{source.Name}-{target.Name}-{Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16))}.kernel");

        IEnumerable<string> Parts() =>
            source.Headers.SelectMany(header => (string[])[header.Name, header.Text])
                .Concat(KernelCompiler.Options(target)).Append(compiler).Append(source.FileName).Append(source.Text);

        void Add(string part)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(part);
            // Lengths between parts: no two lists of parts give the same bytes.
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }
    }

    /// <summary>The stored image, or the one that <paramref name="compile"/> makes and that is stored then.</summary>
    public KernelImage GetOrAdd(KernelSource source, KernelTarget target, string compiler, Func<KernelImage> compile)
    {
        string path = PathOf(source, target, compiler);
        if (TryRead(path) is { } stored) return stored;
        var image = compile();
        byte[] content = Pack(image);
        try
        {
            DurableFile.CreateFolder(folder);
            DurableFile.WriteAtomic(path, stream =>
            {
                stream.Write(Magic);
                stream.Write(SHA256.HashData(content));
                stream.Write(content);
            });
        }
        catch (FileWriteException)
        {
            // A cache that cannot be written only costs time: the image is at hand.
        }
        return image;
    }

    /// <summary>The content of an entry: length of the signatures' text, the text, the image.</summary>
    static byte[] Pack(KernelImage image)
    {
        byte[] signatures = Encoding.UTF8.GetBytes(string.Join('\n', image.Signatures));
        byte[] content = new byte[4 + signatures.Length + image.Bytes.Length];
        BinaryPrimitives.WriteInt32LittleEndian(content, signatures.Length);
        signatures.CopyTo(content, 4);
        image.Bytes.CopyTo(content, 4 + signatures.Length);
        return content;
    }

    static KernelImage Unpack(ReadOnlySpan<byte> content)
    {
        int length = BinaryPrimitives.ReadInt32LittleEndian(content);
        return new(content[(4 + length)..].ToArray(), [.. KernelSignature.Read(Encoding.UTF8.GetString(content.Slice(4, length)))]);
    }

    /// <summary>The image; null where the entry is absent, cannot be read or is damaged.</summary>
    static KernelImage? TryRead(string path)
    {
        try
        {
            byte[] bytes = SmallFile.ReadBytes(path, LargestImageBytes);
            bool intact = bytes.Length > HeaderBytes && bytes.AsSpan().StartsWith(Magic)
                && SHA256.HashData(bytes.AsSpan(HeaderBytes)).AsSpan().SequenceEqual(bytes.AsSpan(4, SHA256.HashSizeInBytes));
            return intact ? Unpack(bytes.AsSpan(HeaderBytes)) : null;
        }
        catch (Exception error) when (error is FileReadException or CorruptFileException)
        {
            return null;
        }
    }
}
