using System.Buffers.Binary;
using System.Text;
using NativeRetrieval.Benchmarks.Peers;

namespace NativeRetrieval.Benchmarks.Tests.Peers;

/// <summary>An ELF file as small as the format allows: two sections, two versions required of one library.</summary>
public sealed class ElfVersionsTests
{
    const int Needs = 0x100, Names = 0x180, Table = 0x200, FirstFlags = Needs + 16 + 4, SecondFlags = FirstFlags + 16;

    [Fact]
    public void Only_the_named_version_becomes_weak_and_only_once()
    {
        byte[] image = Image();
        Assert.Equal(1, ElfVersions.MarkWeak(image, "NEW_2"));
        byte[] expected = Image();
        expected[SecondFlags] = 2;
        Assert.Equal(expected, image);
        Assert.Equal(0, ElfVersions.MarkWeak(image, "NEW_2"));
        Assert.Equal(expected, image);
    }

    [Fact]
    public void A_version_that_is_not_required_changes_nothing()
    {
        byte[] image = Image();
        Assert.Equal(0, ElfVersions.MarkWeak(image, "NEW_3"));
        Assert.Equal(Image(), image);
    }

    [Fact]
    public void Another_file_is_refused() => Assert.Throws<FormatException>(() => ElfVersions.MarkWeak(new byte[256], "NEW_2"));

    static byte[] Image()
    {
        var image = new byte[0x300];
        "\u007FELF\u0002\u0001"u8.CopyTo(image);
        U64(0x28, Table);
        U16(0x3A, 0x40);
        U16(0x3C, 2);
        // Section 0 holds the names, section 1 the requirements and points to it.
        U64(Table + 0x18, Names);
        U32(Table + 0x40 + 4, 0x6FFFFFFE);
        U64(Table + 0x40 + 0x18, Needs);
        U32(Table + 0x40 + 0x28, 0);
        U32(Table + 0x40 + 0x2C, 1);
        U16(Needs, 1);
        U16(Needs + 2, 2);
        U32(Needs + 8, 16);
        U32(Needs + 16 + 8, 1);
        U32(Needs + 16 + 12, 16);
        U32(Needs + 32 + 8, 7);
        Encoding.ASCII.GetBytes("\0OLD_1\0NEW_2\0").CopyTo(image, Names);
        return image;

        void U16(int at, int value) => BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(at), (ushort)value);
        void U32(int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(at), value);
        void U64(int at, int value) => BinaryPrimitives.WriteInt64LittleEndian(image.AsSpan(at), value);
    }
}
