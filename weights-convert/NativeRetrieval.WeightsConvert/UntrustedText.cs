namespace NativeRetrieval.WeightsConvert;

/// <summary>Text from untrusted files, fit for one line of a message.</summary>
static class UntrustedText
{
    const int MaxLength = 120;

    /// <summary>At most 120 characters, none of which moves the cursor or colours the screen.</summary>
    public static string Line(string text) => text.Length <= MaxLength ? Printable(text) : Printable(text[..MaxLength]) + "…";

    /// <summary>The whole text, control characters replaced.</summary>
    public static string Printable(string text) => string.Create(text.Length, text, static (span, source) =>
    {
        for (int i = 0; i < span.Length; i++) span[i] = char.IsControl(source[i]) ? '?' : source[i];
    });
}
