using System.Text;
using System.Xml;

namespace NativeRetrieval.Audio.Metadata;

/// <summary>
/// The iXML chunk of location recorders and sound libraries: leaves of the document by their name, those of <c>USER</c> (Soundminer),
/// <c>ASWG</c> and <c>STEINBERG</c> among them. A <c>USER</c> that is one text of lines <c>NAME: value</c> is read, too.
/// </summary>
internal static class Ixml
{
    const int MostElements = 5_000;

    static readonly XmlReaderSettings _settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = TagCollector.LargestField,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        CheckCharacters = false,
    };

    public static void Read(ReadOnlySpan<byte> bytes, TagCollector tags)
    {
        bytes = bytes.TrimEnd((byte)0);
        string text = bytes is [0xFF, 0xFE, ..] ? Encoding.Unicode.GetString(bytes[2..]) : TagCollector.Text(bytes).TrimStart('\uFEFF');
        // The declaration may name an encoding that the text, decoded now, no longer has.
        int start = text.IndexOf('<', StringComparison.Ordinal);
        if (start < 0) return;
        try
        {
            using var xml = XmlReader.Create(new StringReader(text[start..]), _settings);
            var path = new Stack<string>();
            for (int elements = 0; xml.Read() && elements < MostElements && !tags.IsFull;)
                switch (xml.NodeType)
                {
                    case XmlNodeType.Element when !xml.IsEmptyElement:
                        path.Push(xml.LocalName);
                        elements++;
                        break;
                    case XmlNodeType.EndElement: path.TryPop(out _); break;
                    case XmlNodeType.Text or XmlNodeType.CDATA when path.TryPeek(out string? name): Take(name, xml.Value, tags); break;
                }
        }
        catch (XmlException)
        {
            tags.Note("its iXML chunk is damaged; the fields before the damage are kept");
        }
    }

    static void Take(string name, string value, TagCollector tags)
    {
        if (name != "USER")
        {
            tags.Add("iXML." + name, value);
            return;
        }
        foreach (string line in value.Split('\n', TagCollector.MostFields))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0) tags.Add("iXML." + line[..colon].Trim(), line[(colon + 1)..]);
            else tags.Add("iXML.USER", line);
        }
    }
}
