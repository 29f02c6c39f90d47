using System.Buffers.Binary;
using System.Text;

namespace NativeRetrieval.Benchmarks.Peers;

/// <summary>
/// Versions that a shared library requires of others, in its section of type <c>SHT_GNU_verneed</c> (System V ABI; Linux Standard Base,
/// symbol versioning). 64 bits, little-endian.
/// </summary>
internal static class ElfVersions
{
    const int SectionTable = 0x28, SectionSize = 0x3A, Sections = 0x3C;
    const uint VersionsNeeded = 0x6FFFFFFE;
    const ushort Weak = 2;

    /// <summary>Marks each requirement of a version weak: the loader passes over one that it does not find.</summary>
    /// <returns>Requirements that were not weak before.</returns>
    /// <exception cref="FormatException">It is no 64-bit ELF file.</exception>
    public static int MarkWeak(Span<byte> image, string version)
    {
        if (image.Length < 0x40 || !image.StartsWith("\u007FELF\u0002\u0001"u8))
            throw new FormatException("no 64-bit little-endian ELF file");
        int marked = 0, size = U16(image, SectionSize), first = checked((int)U64(image, SectionTable));
        for (int section = first, i = 0; i < U16(image, Sections); i++, section += size)
        {
            if (U32(image, section + 4) != VersionsNeeded) continue;
            int names = checked((int)U64(image, first + size * (int)U32(image, section + 0x28) + 0x18));
            int library = checked((int)U64(image, section + 0x18));
            for (int left = (int)U32(image, section + 0x2C); left > 0; left--, library += (int)U32(image, library + 12))
            {
                int need = library + (int)U32(image, library + 8);
                for (int needs = U16(image, library + 2); needs > 0; needs--, need += (int)U32(image, need + 12))
                {
                    ushort flags = U16(image, need + 4);
                    if ((flags & Weak) != 0 || Text(image, names + (int)U32(image, need + 8)) != version) continue;
                    BinaryPrimitives.WriteUInt16LittleEndian(image[(need + 4)..], (ushort)(flags | Weak));
                    marked++;
                }
            }
        }
        return marked;
    }

    static string Text(ReadOnlySpan<byte> image, int at) => Encoding.ASCII.GetString(image[at..(at + image[at..].IndexOf((byte)0))]);

    static ushort U16(ReadOnlySpan<byte> image, int at) => BinaryPrimitives.ReadUInt16LittleEndian(image[at..]);

    static uint U32(ReadOnlySpan<byte> image, int at) => BinaryPrimitives.ReadUInt32LittleEndian(image[at..]);

    static ulong U64(ReadOnlySpan<byte> image, int at) => BinaryPrimitives.ReadUInt64LittleEndian(image[at..]);
}
