using System.Globalization;
using System.Text;

namespace NativeRetrieval.Text.Unicode;

/// <summary>
/// The character facts of <c>characters.txt</c>. .NET's own tables are of no use here: they follow a newer Unicode version than the
/// reference tokenizer does, and <see cref="string.Normalize()"/> changes nothing when globalization is invariant.
/// </summary>
internal sealed class CharacterTable
{
    const int BlockBits = 7;
    const int BlockSize = 1 << BlockBits;
    const int CodePoints = 0x110000;

    // CJK Unified Ideographs, extensions A to E and the compatibility ideographs, with the reference's gap at 2B820..2B91F.
    static readonly (int First, int Last)[] _ideographs =
    [
        (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF),
        (0x2A700, 0x2B73F), (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF), (0x2F800, 0x2FA1F),
    ];

    readonly ushort[] _blocks;
    readonly CharacterClass[] _classes;
    readonly Dictionary<int, int[]> _decompositions = [];
    readonly Dictionary<int, int[]> _lower = [];
    readonly Dictionary<int, byte> _combiningClasses = [];

    public static CharacterTable Shared { get; } = Load();

    CharacterTable(TextReader source)
    {
        var flat = new CharacterClass[CodePoints];
        string section = "";
        while (source.ReadLine() is { } line)
        {
            if (line.StartsWith('#')) continue;
            if (line.StartsWith('[')) section = line[1..^1];
            else
                foreach (string entry in line.Split(' ')) Add(flat, section, entry);
        }

        foreach (char kept in "\t\n\r") flat[kept] &= ~CharacterClass.Removed;
        flat[0xFFFD] |= CharacterClass.Removed;
        foreach (var (first, last) in _ideographs)
            for (int c = first; c <= last; c++) flat[c] |= CharacterClass.Ideograph;
        (_blocks, _classes) = Compress(flat);
    }

    /// <summary>Properties of a code point, 0 … 0x10FFFF.</summary>
    public CharacterClass this[int codePoint] =>
        _classes[(_blocks[codePoint >> BlockBits] << BlockBits) | (codePoint & (BlockSize - 1))];

    /// <summary>Full canonical decomposition of a code point that <see cref="CharacterClass.Decomposes"/>.</summary>
    public ReadOnlySpan<int> Decomposition(int codePoint) => _decompositions[codePoint];

    /// <summary>Lower case of a code point that is <see cref="CharacterClass.Uppercase"/>: one code point, two for U+0130.</summary>
    public ReadOnlySpan<int> Lower(int codePoint) => _lower[codePoint];

    /// <summary>Canonical combining class, 0..254.</summary>
    public int CombiningClass(int codePoint) => _combiningClasses.GetValueOrDefault(codePoint);

    static CharacterTable Load()
    {
        var stream = typeof(CharacterTable).Assembly.GetManifestResourceStream("characters.txt")
            ?? throw new InvalidOperationException("the assembly was built without its resource characters.txt");
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return new CharacterTable(reader);
    }

    // An entry is `first[-last][/step][:value]`; see the head of characters.txt.
    void Add(CharacterClass[] flat, string section, string entry)
    {
        string[] sides = entry.Split(':');
        string[] range = sides[0].Split('/');
        string[] ends = range[0].Split('-');
        int first = Hex(ends[0]), last = Hex(ends[^1]), step = range.Length == 2 ? Hex(range[1]) : 1;
        int[] value = sides.Length == 2 ? Array.ConvertAll(sides[1].Split('+'), Hex) : [];

        for (int c = first; c <= last; c += step)
        {
            switch (section)
            {
                case "other": flat[c] |= CharacterClass.Removed; break;
                case "space": flat[c] |= CharacterClass.Space; break;
                case "punctuation": flat[c] |= CharacterClass.Punctuation; break;
                case "nonspacing": flat[c] |= CharacterClass.Nonspacing; break;
                case "order":
                    flat[c] |= CharacterClass.Reordered;
                    _combiningClasses[c] = (byte)value[0];
                    break;
                case "decomposition":
                    flat[c] |= CharacterClass.Decomposes;
                    _decompositions[c] = value;
                    break;
                case "lower":
                    flat[c] |= CharacterClass.Uppercase;
                    _lower[c] = value.Length == 1 ? [value[0] + (c - first)] : value;
                    break;
                default: throw new InvalidOperationException($"characters.txt: unknown section [{section}]");
            }
        }
    }

    static int Hex(string digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    // Most blocks of 128 code points are alike (all unassigned, all ideographs), so each distinct one is stored once.
    static (ushort[] Blocks, CharacterClass[] Classes) Compress(CharacterClass[] flat)
    {
        var blocks = new ushort[CodePoints >> BlockBits];
        var classes = new List<CharacterClass>();
        var known = new Dictionary<string, ushort>();
        for (int block = 0; block < blocks.Length; block++)
        {
            var content = flat.AsSpan(block << BlockBits, BlockSize);
            string key = string.Create(BlockSize, content, static (text, content) =>
            {
                for (int i = 0; i < content.Length; i++) text[i] = (char)content[i];
            });
            if (!known.TryGetValue(key, out ushort index))
            {
                known[key] = index = (ushort)known.Count;
                classes.AddRange(content);
            }
            blocks[block] = index;
        }
        return (blocks, [.. classes]);
    }
}
