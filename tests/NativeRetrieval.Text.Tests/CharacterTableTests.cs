using System.Globalization;
using System.Text;
using NativeRetrieval.Text.Unicode;

namespace NativeRetrieval.Text.Tests;

/// <summary>The table against .NET's own, which follow a newer Unicode version: what changed since is named, all else must agree.</summary>
public class CharacterTableTests
{
    static readonly CharacterTable _table = CharacterTable.Shared;

    // Recategorised after Unicode 8, between Mn, Mc, Lo, Po and So.
    static readonly HashSet<int> _recategorised = [0x166D, 0x1734, 0x1885, 0x1886, 0xA9BD, 0x111C9, 0x1171E];

    [Fact]
    public void Categories_agree_with_those_of_the_runtime()
    {
        for (int c = 0; c < 0x110000; c++)
        {
            if (c is >= 0xD800 and <= 0xDFFF || _recategorised.Contains(c)) continue;
            var category = CharUnicodeInfo.GetUnicodeCategory(c);
            bool other = category is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse;
            bool punctuation = category is >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation
                || (c < 128 && char.IsSymbol((char)c));
            bool nonspacing = category == UnicodeCategory.NonSpacingMark;

            // What .NET lacks we must lack; what it has we may lack, if it was assigned after Unicode 8.
            if (!other) Assert.False(_table[c].HasFlag(CharacterClass.Removed) && c != 0xFFFD, $"U+{c:X4}");
            if (!punctuation) Assert.False(_table[c].HasFlag(CharacterClass.Punctuation), $"U+{c:X4}");
            if (!nonspacing) Assert.False(_table[c].HasFlag(CharacterClass.Nonspacing), $"U+{c:X4}");
            if (c >= 0x2000) continue;
            if (c is not ('\t' or '\n' or '\r'))
                Assert.True(other == _table[c].HasFlag(CharacterClass.Removed) || c is 0x890 or 0x891 or 0x8E2, $"U+{c:X4}");
            if (c < 0x800) Assert.True(punctuation == _table[c].HasFlag(CharacterClass.Punctuation) || c is 0x61D, $"U+{c:X4}");
            if (c < 0x7FD) Assert.True(nonspacing == _table[c].HasFlag(CharacterClass.Nonspacing), $"U+{c:X4}");
        }
    }

    [Fact]
    public void White_space_is_that_of_the_runtime()
    {
        for (int c = 0; c < 0x10000; c++)
            Assert.True(char.IsWhiteSpace((char)c) == _table[c].HasFlag(CharacterClass.Space), $"U+{c:X4}");
    }

    [Fact]
    public void Lower_case_is_that_of_the_runtime_where_it_knows_the_letter()
    {
        for (int c = 0x80; c < 0x110000; c++)
        {
            if (c is >= 0xD800 and <= 0xDFFF || c == 0x130) continue;
            int runtime = Rune.ToLowerInvariant(new Rune(c)).Value;
            int ours = _table[c].HasFlag(CharacterClass.Uppercase) ? _table.Lower(c)[0] : c;
            Assert.True(ours == runtime || CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.OtherNotAssigned,
                $"U+{c:X4}: {ours:X4}, runtime {runtime:X4}");
        }
        Assert.Equal([0x69, 0x307], _table.Lower(0x130).ToArray());
    }

    [Fact]
    public void Decompositions_are_full_and_ordered()
    {
        for (int c = 0; c < 0x110000; c++)
        {
            if (!_table[c].HasFlag(CharacterClass.Decomposes)) continue;
            int[] parts = _table.Decomposition(c).ToArray();
            int[] orders = Array.ConvertAll(parts, _table.CombiningClass);
            Assert.All(parts, part => Assert.False(_table[part].HasFlag(CharacterClass.Decomposes), $"U+{c:X4}"));
            for (int i = 1; i < parts.Length; i++) Assert.True(orders[i] == 0 || orders[i - 1] <= orders[i], $"U+{c:X4}");
        }
        Assert.Equal([0x65, 0x301], _table.Decomposition(0xE9).ToArray());
        Assert.Equal([0x3C9, 0x314, 0x342, 0x345], _table.Decomposition(0x1FA7).ToArray());
    }

    [Theory]
    [InlineData(0xAC00, "1100 1161"), InlineData(0xD55C, "1112 1161 11AB"), InlineData(0xD7A3, "1112 1175 11C2")]
    public void Hangul_syllables_decompose_into_jamo(int syllable, string jamo) =>
        Assert.Equal(jamo, string.Join(' ', Hangul.Decompose(syllable, stackalloc int[3]).ToArray().Select(part => part.ToString("X4"))));
}
