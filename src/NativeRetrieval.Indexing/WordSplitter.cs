using System.Globalization;
using System.Text;

namespace NativeRetrieval.Indexing;

/// <summary>
/// Words in names of files and folders: <c>HorseGallop_02-close</c> is <c>Horse Gallop 02 close</c>. Words end at anything but letters and
/// digits, between a small and a capital letter, before the last of several capitals that a small letter follows (<c>TVSet</c>), and
/// between letters and digits.
/// </summary>
internal static class WordSplitter
{
    /// <summary>The words with one blank between them.</summary>
    public static string Split(string name)
    {
        var words = new StringBuilder(name.Length + 8);
        for (int i = 0; i < name.Length; i++)
        {
            char c = name[i];
            if (!char.IsLetterOrDigit(c) && !char.IsSurrogate(c) && char.GetUnicodeCategory(c) != UnicodeCategory.NonSpacingMark)
            {
                Blank();
                continue;
            }
            if (i > 0 && BeginsWord(name, i)) Blank();
            words.Append(c);
        }
        return words.ToString().TrimEnd();

        void Blank()
        {
            if (words.Length > 0 && words[^1] != ' ') words.Append(' ');
        }
    }

    static bool BeginsWord(string name, int i)
    {
        char before = name[i - 1], here = name[i];
        if (!char.IsLetterOrDigit(before)) return false;
        if (char.IsDigit(before) != char.IsDigit(here)) return char.IsLetterOrDigit(here);
        if (char.IsLower(before) && char.IsUpper(here)) return true;
        return char.IsUpper(before) && char.IsUpper(here) && i + 1 < name.Length && char.IsLower(name[i + 1]);
    }
}
