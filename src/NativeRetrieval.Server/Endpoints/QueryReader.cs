using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace NativeRetrieval.Server.Endpoints;

/// <summary>The parameters of a request's query string. One that is not known, comes too often or is no number is refused.</summary>
internal sealed class QueryReader
{
    readonly IQueryCollection _query;

    /// <param name="known">Names of the parameters that the endpoint has.</param>
    /// <exception cref="Refusal">There is another, or one comes twice that has one value.</exception>
    public QueryReader(HttpRequest request, params ReadOnlySpan<string> known) : this(request, known, []) { }

    /// <param name="known">Names of the parameters that the endpoint has.</param>
    /// <param name="repeated">Those of them that may come several times.</param>
    /// <exception cref="Refusal">There is another, or one comes twice that has one value.</exception>
    public QueryReader(HttpRequest request, ReadOnlySpan<string> known, IReadOnlyList<string> repeated)
    {
        _query = request.Query;
        foreach (var (name, values) in _query)
        {
            if (!known.Contains(name))
                throw Refusal.Unprocessable($"there is no parameter '{name}'; there are {string.Join(", ", known.ToArray())}");
            if (values.Count > 1 && !repeated.Contains(name))
                throw Refusal.Unprocessable($"the parameter {name} comes {values.Count} times; it may come once");
        }
    }

    public string? Text(string name) => _query[name].ToString() is { Length: > 0 } text ? text : null;

    /// <summary>Values of a parameter that may come several times, without empty ones.</summary>
    public IReadOnlyList<string> Texts(string name) => [.. _query[name].OfType<string>().Where(text => text.Length > 0)];

    public int? Whole(string name) => Text(name) is { } text ? Whole(name, text) : null;

    public IReadOnlyList<int> Wholes(string name) => [.. Texts(name).Select(text => Whole(name, text))];

    static int Whole(string name, string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) ? number
        : throw Refusal.Unprocessable($"{name} is '{text}'; expected a whole number");

    public bool? Flag(string name) => Text(name) switch
    {
        null => null,
        "true" => true,
        "false" => false,
        var text => throw Refusal.Unprocessable($"{name} is '{text}'; expected true or false"),
    };

    public double? Number(string name) => Text(name) is not { } text ? null
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number
        : throw Refusal.Unprocessable($"{name} is '{text}'; expected a number");

    /// <summary>A whole number within a range.</summary>
    public int Whole(string name, int otherwise, int least, int most) => (Whole(name) ?? otherwise) is var number
        && number >= least && number <= most ? number
        : throw Refusal.Unprocessable(FormattableString.Invariant($"{name} is {number}; expected {least:N0} to {most:N0}"));
}
