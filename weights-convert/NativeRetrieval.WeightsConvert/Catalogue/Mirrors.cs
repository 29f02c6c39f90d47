using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>Servers that files are taken from instead of the published addresses.</summary>
public sealed class Mirrors
{
    readonly string? _byName;
    readonly List<(string From, string To)> _rules = [];

    Mirrors(string? byName) => _byName = byName;

    /// <summary>No mirror: the published addresses.</summary>
    public static Mirrors None { get; } = new(null);

    /// <summary>Reads mirrors as users write them.</summary>
    /// <param name="text">
    /// One address, which has every file as <c>MODEL/FILE</c>; or replacements of the beginnings of addresses, separated by commas, e.g.
    /// <c>huggingface.co=https://mirror.example/hf,zenodo.org=https://mirror.example/zenodo</c>.
    /// </param>
    /// <exception cref="OptionException">An item is neither.</exception>
    public static Mirrors Parse(string text)
    {
        string[] items = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (items.Length == 0) return None;
        if (items is [var only] && Rule(only) is null)
            return IsWebAddress(only) ? new Mirrors(only.TrimEnd('/')) : throw Wrong(only);
        var mirrors = new Mirrors(null);
        foreach (string item in items) mirrors._rules.Add(Rule(item) ?? throw Wrong(item));
        return mirrors;
    }

    /// <summary>Address of a file; null: it has none, published or mirrored.</summary>
    public Uri? AddressOf(CatalogueEntry model, CatalogueFile file)
    {
        if (_byName is not null)
            return new Uri($"{_byName}/{model.Name}/{string.Join('/', file.Name.Split('/').Select(Uri.EscapeDataString))}");
        if (file.Url is not { } url) return null;
        foreach (var (from, to) in _rules)
            if (url.StartsWith(from, StringComparison.OrdinalIgnoreCase)) return new Uri(to + url[from.Length..]);
        return new Uri(url);
    }

    internal static bool IsWebAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https";

    /// <summary>Both beginnings, each with a slash at its end so that no other host has the same beginning; null: no rule.</summary>
    static (string From, string To)? Rule(string item)
    {
        if (item.IndexOf('=') is var at && at <= 0) return null;
        string from = item[..at].TrimEnd('/'), to = item[(at + 1)..].TrimEnd('/');
        if (!from.Contains("://", StringComparison.Ordinal)) from = $"https://{from}";
        return IsWebAddress(from) && IsWebAddress(to) && !from.Contains('?') ? (from + "/", to + "/") : null;
    }

    static OptionException Wrong(string item) =>
        new($"the mirror '{item}' is no web address, nor HOST=ADDRESS, e.g. huggingface.co=https://mirror.example/hf");
}
