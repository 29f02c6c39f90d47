namespace NativeRetrieval.WeightsConvert.Zip;

/// <summary>One file in a zip archive, as the central directory lists it.</summary>
/// <param name="Crc">CRC-32 of the contents.</param>
/// <param name="StoredBytes">What it takes in the archive.</param>
/// <param name="LengthBytes">What the contents are; equal to <paramref name="StoredBytes"/> unless deflated.</param>
/// <param name="HeaderOffset">Where its local header begins.</param>
/// <param name="SizesFollow">Whether the local header leaves the sizes to the directory.</param>
sealed record ZipEntry(string Name, bool Deflated, bool SizesFollow, uint Crc, long StoredBytes, long LengthBytes, long HeaderOffset)
{
    /// <summary>Where the next entry or the directory begins: this one ends before.</summary>
    public long EndOffset { get; set; }

    public string ChecksumProblem(uint found) => $"CRC-32 of entry '{UntrustedText.Line(Name)}' is {found:x8}, the archive says {Crc:x8}: the file is damaged; fetch or save it again";
}
