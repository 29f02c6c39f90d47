using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.WeightsConvert.Zip;

/// <summary>One file in a zip archive, as the central directory lists it.</summary>
/// <param name="Crc">CRC-32 of the contents.</param>
/// <param name="StoredBytes">Length of the entry in the archive.</param>
/// <param name="LengthBytes">Length of the contents; equal to <paramref name="StoredBytes"/> unless deflated.</param>
/// <param name="HeaderOffset">Position of its local header.</param>
/// <param name="SizesFollow">True if the local header leaves the sizes to the directory.</param>
sealed record ZipEntry(string Name, bool Deflated, bool SizesFollow, uint Crc, long StoredBytes, long LengthBytes, long HeaderOffset)
{
    /// <summary>Start of the next entry or of the directory: this entry ends before it.</summary>
    public long EndOffset { get; set; }

    public string ChecksumProblem(uint found) =>
        $"CRC-32 of entry '{PlainText.Short(Name)}' is {found:x8}, the archive says {Crc:x8}: the file is damaged; fetch or save it "
            + "again";
}
