using System.Globalization;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Indexing.Remote;

/// <summary>An address such as <c>postgres://user:password@host:5432/database?index=sounds</c>.</summary>
public sealed record ServerAddress
{
    const int LongestIndexName = 40, DefaultSeconds = 60;

    readonly IReadOnlyDictionary<string, string> _options = new Dictionary<string, string>();

    /// <summary>Word before the colon, in lower case.</summary>
    public required string Scheme { get; init; }

    /// <summary>Hosts with their ports; 0: the engine's own port.</summary>
    public required IReadOnlyList<(string Host, int Port)> Hosts { get; init; }

    /// <summary>User; null: none is named.</summary>
    public string? User { get; init; }

    /// <summary>Password; null: none is given. It is in no message.</summary>
    public string? Password { get; init; }

    /// <summary>Database; empty: the engine's default.</summary>
    public string Database { get; init; } = "";

    /// <summary>Name of the index, as one database may hold several: small letters, digits and _, at most 40. Default: sounds.</summary>
    public string IndexName => Option("index") ?? "sounds";

    /// <summary>Most time for an answer of the server, 1 to 86,400 s. Default: 60 s.</summary>
    public TimeSpan Timeout => TimeSpan.FromSeconds(Number("timeout", DefaultSeconds, 1, 86_400));

    /// <summary>The address without its password, for messages.</summary>
    public string Masked
    {
        get
        {
            string user = User is null ? "" : Password is null ? $"{User}@" : $"{User}:***@";
            string hosts = string.Join(',', Hosts.Select(host => host.Port == 0 ? host.Host
                : string.Create(CultureInfo.InvariantCulture, $"{host.Host}:{host.Port}")));
            string options = _options.Count == 0 ? ""
                : "?" + string.Join('&', _options.OrderBy(option => option.Key, StringComparer.Ordinal).Select(o => $"{o.Key}={o.Value}"));
            return $"{Scheme}://{user}{hosts}/{Database}{options}";
        }
    }

    /// <summary>The address without its password.</summary>
    public override string ToString() => Masked;

    /// <summary>The value of an option of the address; null: it is not there.</summary>
    public string? Option(string name) => _options.GetValueOrDefault(name);

    /// <summary>True where a text has the form of an address, whatever its scheme; a folder's path has not.</summary>
    public static bool IsAddress(string text) => text.IndexOf("://", StringComparison.Ordinal) is > 0 and var at
        && text[..at].All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.');

    /// <summary>A text as it may be shown: without what stands between the scheme and the last @, where a password may be.</summary>
    public static string Hidden(string text)
    {
        int start = text.IndexOf("://", StringComparison.Ordinal) + 3, end = text.LastIndexOf('@');
        return end < start ? text : $"{text[..start]}***{text[end..]}";
    }

    /// <summary>Reads an address.</summary>
    /// <param name="options">Names of options that the engine has, beside <c>index</c> and <c>timeout</c>.</param>
    /// <exception cref="OptionException">It is none; the message has no part of it that could be a password.</exception>
    public static ServerAddress Parse(string text, IReadOnlyList<string> options)
    {
        if (!IsAddress(text)) throw Refused("address", "it has no scheme");
        int at = text.IndexOf("://", StringComparison.Ordinal);
        string scheme = text[..at].ToLowerInvariant(), rest = text[(at + 3)..];
        string query = "";
        // A password may have any character but those of its end, a later part none of its own.
        int login = rest.LastIndexOf('@');
        string credentials = login < 0 ? "" : rest[..login];
        rest = rest[(login + 1)..];
        if (rest.IndexOf('?', StringComparison.Ordinal) is >= 0 and var mark) (rest, query) = (rest[..mark], rest[(mark + 1)..]);
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        string hosts = slash < 0 ? rest : rest[..slash], database = slash < 0 ? "" : rest[(slash + 1)..];
        int colon = credentials.IndexOf(':', StringComparison.Ordinal);
        var address = new ServerAddress
        {
            Scheme = scheme,
            Hosts = [.. hosts.Split(',').Select(host => HostOf(scheme, host))],
            User = login < 0 ? null : Uri.UnescapeDataString(colon < 0 ? credentials : credentials[..colon]),
            Password = colon < 0 ? null : Uri.UnescapeDataString(credentials[(colon + 1)..]),
            Database = Uri.UnescapeDataString(database.TrimEnd('/')),
            Options = OptionsOf(scheme, query, ["index", "timeout", .. options]),
        };
        if (address.IndexName.Length is 0 or > LongestIndexName || !address.IndexName.All(c => char.IsAsciiLetterLower(c)
            || char.IsAsciiDigit(c) || c == '_'))
            throw Refused(scheme, $"index={address.IndexName} is no name: small letters, digits and _, at most {LongestIndexName}");
        _ = address.Timeout;
        return address;
    }

    IReadOnlyDictionary<string, string> Options { init => _options = value; }

    /// <summary>A whole number among the options.</summary>
    /// <exception cref="OptionException">It is no number, or out of its range.</exception>
    public int Number(string name, int otherwise, int least, int most) => Option(name) is not { } text ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most ? number
        : throw Refused(Scheme, $"{name}={text}; it must be {least} to {most}");

    static (string, int) HostOf(string scheme, string host)
    {
        int colon = host.LastIndexOf(':');
        bool hasPort = colon > 0 && !host.EndsWith(']');
        string name = hasPort ? host[..colon] : host;
        int port = 0;
        if (hasPort && (!int.TryParse(host.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port)
            || port is < 1 or > 65_535))
            throw Refused(scheme, "a port is not 1 to 65,535");
        return name.Length > 0 ? (name, port) : throw Refused(scheme, "it names no host");
    }

    static Dictionary<string, string> OptionsOf(string scheme, string query, string[] known)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string part in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? part : part[..equals];
            if (!known.Contains(name)) throw Refused(scheme, $"it has an option that is not known; known are {string.Join(", ", known)}");
            if (!options.TryAdd(name, equals < 0 ? "" : Uri.UnescapeDataString(part[(equals + 1)..])))
                throw Refused(scheme, $"it has the option {name} twice");
        }
        return options;
    }

    static OptionException Refused(string scheme, string problem) => new($"{scheme}://…: {problem}; expected "
        + $"{(scheme == "address" ? "postgres" : scheme)}://user@host:port/database?index=name");
}
