using System.Text;

namespace NativeRetrieval.Text.Bpe;

/// <summary>
/// The characters that stand for bytes in byte-level vocabularies (Radford et al. 2019): printable Latin-1 for itself, the other 68 bytes
/// from U+0100 on, so that a blank is <c>Ġ</c>.
/// </summary>
internal static class ByteAlphabet
{
    const int FirstStandIn = 0x100;

    static readonly char[] _characters = Characters();
    static readonly Dictionary<char, byte> _bytes = _characters.Index().ToDictionary(entry => entry.Item, entry => (byte)entry.Index);

    /// <summary>Character of each byte.</summary>
    public static ReadOnlySpan<char> CharacterOf => _characters;

    /// <summary>The text that a token's characters stand for; a piece of a character becomes U+FFFD.</summary>
    public static string Decode(string token) => Encoding.UTF8.GetString(Bytes(token));

    /// <summary>
    /// The bytes that a token's characters stand for. A token of other characters, such as a special one, stands for itself.
    /// </summary>
    public static byte[] Bytes(string token) =>
        token.All(_bytes.ContainsKey) ? [.. token.Select(c => _bytes[c])] : Encoding.UTF8.GetBytes(token);

    static char[] Characters()
    {
        var characters = new char[256];
        int standIn = FirstStandIn;
        for (int value = 0; value < characters.Length; value++)
            characters[value] = value is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE ? (char)value : (char)standIn++;
        return characters;
    }
}
