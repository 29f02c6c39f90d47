using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Audio.Features;

/// <summary>
/// Decodes, resamples and transforms every distinct sound once, and keeps its log-mel on disk, exactly as computed. A sound is known by the
/// SHA-256 of its file's content: copies and renamed files share one entry, a changed file gets a new one. Thread-safe; several processes
/// may use one folder.
/// </summary>
/// <remarks>
/// One safetensors file per sound and settings, <c>FOLDER/SETTINGS/ab/abcd….safetensors</c>, written whole or not at all but not waited
/// for: a sync for each of thousands of clips would take longer than decoding them. An entry that is damaged (its checksum is verified at
/// every read) is computed and written anew. A file's defect is kept with its log-mel, so that it is told whether the entry is new or not.
/// Nothing is ever deleted: to empty the cache, remove the folder.
/// </remarks>
public sealed class FeatureCache
{
    const string TensorName = "logmel", SamplesKey = "samples", ChecksumKey = "crc32c", SettingsKey = "settings";
    const string DefectKey = "defect", DecodingKey = "decoding";

    /// <summary>
    /// The generation of decoders and transform. An entry of an earlier one may lack sound or the file's defect, or be rounded otherwise;
    /// it is made anew.
    /// </summary>
    const string Decoding = "3";
    readonly string _folder;
    readonly FeatureExtractor _extractor;
    readonly ContentHashes _hashes;

    /// <summary>Opens a cache, or begins one.</summary>
    /// <param name="folder">Folder of the cache; created if absent.</param>
    /// <exception cref="OptionException">A setting is out of its range.</exception>
    /// <exception cref="FileWriteException">The folder cannot be created.</exception>
    /// <exception cref="FileReadException">The list of known files may not be read.</exception>
    public FeatureCache(string folder, FeatureSettings settings)
    {
        _extractor = new FeatureExtractor(settings);
        Folder = folder;
        _folder = Path.Combine(folder, settings.Id);
        DurableFile.CreateFolder(_folder);
        _hashes = new ContentHashes(Path.Combine(folder, "content-hashes.txt"));
    }

    /// <summary>The folder, shared by caches of other settings.</summary>
    public string Folder { get; }

    /// <summary>Settings of the features that this cache gives.</summary>
    public FeatureSettings Settings => _extractor.Settings;

    /// <summary>The log-mel of a sound file, from the cache or into it.</summary>
    /// <exception cref="AudioDecodeException">The file cannot be decoded, or changes while it is read.</exception>
    /// <exception cref="FileWriteException">A new entry cannot be written.</exception>
    public LogMelClip Get(string path)
    {
        var status = ContentHashes.StatusOf(path);
        string hash = _hashes.Of(path, status);
        string entry = Path.Combine(_folder, hash[..2], hash + ".safetensors");
        if (Read(entry) is { } known) return known;

        LogMelClip clip = _extractor.Extract(path);
        if (ContentHashes.StatusOf(path) != status)
            throw new AudioDecodeException(path, "changed while it was being read; try again when it is complete");
        Write(entry, clip);
        return clip;
    }

    /// <summary>SHA-256 of a sound file's content, lower-case hex; read once, then remembered by size and time of change.</summary>
    /// <exception cref="AudioDecodeException">The file cannot be read.</exception>
    public string ContentHash(string path) => _hashes.Of(path, ContentHashes.StatusOf(path));

    LogMelClip? Read(string entry)
    {
        if (!File.Exists(entry)) return null;
        try
        {
            using var file = SafetensorsFile.Open(entry);
            float[] values = file.ReadFloat32(TensorName);
            bool intact = file.Entry(TensorName).Shape is [> 0, var bins] && bins == Settings.LogMel.MelBins
                && file.Metadata.GetValueOrDefault(SettingsKey) == Settings.Description
                && file.Metadata.GetValueOrDefault(DecodingKey) == Decoding
                && file.Metadata.GetValueOrDefault(ChecksumKey) == Checksum(values);
            return intact && int.TryParse(file.Metadata.GetValueOrDefault(SamplesKey), CultureInfo.InvariantCulture, out int samples)
                ? new LogMelClip(values, values.Length / Settings.LogMel.MelBins, Settings.LogMel.MelBins, samples)
                {
                    Defect = file.Metadata.GetValueOrDefault(DefectKey),
                }
                : null;
        }
        catch (Exception error) when (error is CorruptFileException or FileReadException)
        {
            return null;
        }
    }

    void Write(string entry, LogMelClip clip)
    {
        DurableFile.CreateFolder(Path.GetDirectoryName(entry)!);
        var metadata = new Dictionary<string, string>
        {
            [SettingsKey] = Settings.Description,
            [SamplesKey] = clip.Samples.ToString(CultureInfo.InvariantCulture),
            [ChecksumKey] = Checksum(clip.Values),
            [DecodingKey] = Decoding,
        };
        if (clip.Defect is not null) metadata[DefectKey] = clip.Defect;
        SafetensorsWriter.WriteRecomputable(entry, [SafetensorsItem.Float32(TensorName, [clip.Frames, clip.MelBins], clip.Values)],
            metadata);
    }

    /// <summary>CRC-32C of the values' bytes, eight hexadecimal digits.</summary>
    static string Checksum(ReadOnlySpan<float> values)
    {
        uint crc = uint.MaxValue;
        var bytes = MemoryMarshal.AsBytes(values);
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes)) crc = BitOperations.Crc32C(crc, word);
        foreach (byte last in bytes[(bytes.Length & ~7)..]) crc = BitOperations.Crc32C(crc, last);
        return (~crc).ToString("x8", CultureInfo.InvariantCulture);
    }
}
