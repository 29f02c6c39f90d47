using System.Buffers;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>Signs that something else came in a file's place: a web page, a service's answer, a compressed form.</summary>
static class ForeignContent
{
    /// <summary>Bytes of a beginning that tell more than a guess.</summary>
    const int Telling = 16;

    const string Page = "a web page came instead of the file; a login or notice of the network in between does that";

    static readonly SearchValues<byte> _printable =
        SearchValues.Create([.. "\t\r\n"u8, .. Enumerable.Range(' ', '~' - ' ' + 1).Concat(Enumerable.Range(0x80, 0x80))
            .Select(c => (byte)c)]);

    static readonly string[] _page = ["text/html", "application/xhtml+xml"];

    /// <summary>Finds such a sign in the headers of a response.</summary>
    /// <returns>What came, for a message; null: nothing speaks against the file.</returns>
    public static string? InHeaders(HttpResponseMessage response, CatalogueFile file)
    {
        if (Coding(response) is { } coding) return $"it came encoded as {PlainText.Short(coding)}, for which nobody asked";
        string? type = response.Content.Headers.ContentType?.MediaType?.ToLowerInvariant();
        if (_page.Contains(type)) return Page;
        if (IsText(file) || type is null) return null;
        return type is "application/json" or "application/xml" or "text/xml" || type.EndsWith("+json", StringComparison.Ordinal)
            || type.EndsWith("+xml", StringComparison.Ordinal) ? Answer(type) : null;
    }

    /// <summary>Finds such a sign in the first bytes of a file.</summary>
    /// <param name="beginning">The bytes that are there, any number of them.</param>
    /// <param name="whole">True where no more will come.</param>
    /// <returns>What came, for a message; null: nothing speaks against the file.</returns>
    public static string? InBytes(ReadOnlySpan<byte> beginning, bool whole, CatalogueFile file)
    {
        if (beginning.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b, 0x08])) return "it came compressed by gzip";
        var text = beginning.TrimStart(" \t\r\n\uFEFF"u8);
        if (StartsWith(text, "<!doctype html") || StartsWith(text, "<html")) return Page;
        if (IsText(file) || (beginning.Length < Telling && !whole) || text.IsEmpty) return null;
        // The length that begins a safetensors file may have the value of a brace, but no letters behind it.
        bool printable = !beginning[..Math.Min(beginning.Length, Telling)].ContainsAnyExcept(_printable);
        return printable && text[0] is (byte)'{' or (byte)'<' ? Answer("text") : null;
    }

    static string Answer(string type) => $"a service's answer ({PlainText.Short(type)}) came instead of the file";

    static bool IsText(CatalogueFile file) => Path.GetExtension(file.Name).ToLowerInvariant() is ".json" or ".txt" or ".md";

    static string? Coding(HttpResponseMessage response)
    {
        foreach (var (headers, name) in new[] { (response.Content.Headers.NonValidated, "Content-Encoding"),
            (response.Headers.NonValidated, "Transfer-Encoding") })
            if (headers.TryGetValues(name, out var values))
                foreach (string value in values.SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries)))
                    if (value.ToLowerInvariant() is not ("" or "identity" or "chunked")) return value;
        return null;
    }

    static bool StartsWith(ReadOnlySpan<byte> bytes, string text) =>
        bytes.Length >= text.Length && System.Text.Ascii.EqualsIgnoreCase(bytes[..text.Length], text);
}
