namespace NativeRetrieval.Audio.Metadata;

/// <summary>ID3 version 1: 128 bytes at a file's end, each field of 30 (id3.org/ID3v1).</summary>
internal static class Id3v1Tag
{
    const int SizeBytes = 128, FieldBytes = 30;

    public static void Read(TagReader file, TagCollector tags)
    {
        byte[] tag = file.Read(file.Length - SizeBytes, SizeBytes);
        if (tag.Length < SizeBytes || !tag.AsSpan().StartsWith("TAG"u8)) return;
        Add("TIT2", 3);
        Add("TPE1", 3 + FieldBytes);
        Add("TALB", 3 + 2 * FieldBytes);
        Add("COMM", 3 + 3 * FieldBytes + 4);

        // Fields of version 2 come first and are longer; one that only repeats a field's start adds nothing.
        void Add(string name, int at)
        {
            string value = TagCollector.Text(tag.AsSpan(at, FieldBytes)).Trim();
            if (!tags.Fields.Any(field => field.Name == name && field.Value.StartsWith(value, StringComparison.Ordinal)))
                tags.Add(name, value);
        }
    }
}
