using NativeRetrieval.Core.Errors;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace NativeRetrieval.Training.Settings;

/// <summary>
/// Reads the YAML of settings: names with values, or sections of them, where a value is one text or a list of texts. The parser's events
/// are taken one by one and the first that settings have no use for ends the reading: nesting, anchors, tags and a second document take
/// neither stack nor memory.
/// </summary>
sealed class SettingsYaml
{
    const int LongestText = 4096;
    const string Form = "settings are sections such as 'training:' with lines such as 'lr: 1e-4' below them";

    readonly string _source;
    readonly Parser _parser;
    readonly List<SettingsLine> _lines = [];
    readonly Dictionary<string, long> _lineOf = new(StringComparer.Ordinal);

    readonly long _lastLine;

    SettingsYaml(string yaml, string source) =>
        (_source, _parser, _lastLine) = (source, new Parser(new StringReader(yaml)), yaml.AsSpan().Count('\n') + 1);

    /// <summary>All settings in their order; none for a text without any.</summary>
    /// <param name="source">Names the text in messages.</param>
    /// <exception cref="OptionException">It is not such YAML; the message says where.</exception>
    public static IReadOnlyList<SettingsLine> Read(string yaml, string source)
    {
        var reader = new SettingsYaml(yaml, source);
        reader.ReadAll();
        return reader._lines;
    }

    void ReadAll()
    {
        Next();
        if (Next() is StreamEnd) return;
        if (Next() is not MappingStart) throw Refused(Form);
        for (var key = Next(); key is not MappingEnd; key = Next())
        {
            string name = Text(key);
            CheckIsNew(name, key);
            var value = Next();
            if (value is not MappingStart)
            {
                _lines.Add(new(name, Value(value), key.Start.Line));
                continue;
            }
            for (var inner = Next(); inner is not MappingEnd; inner = Next())
            {
                string full = $"{name}.{Text(inner)}";
                CheckIsNew(full, inner);
                _lines.Add(new(full, Value(Next()), inner.Start.Line));
            }
        }
        Next();
        if (Next() is not StreamEnd) throw Refused("a second YAML document; a settings file is one document, so remove the line '---'");
    }

    /// <summary>One text, or a list as <c>[a,b]</c>.</summary>
    string Value(ParsingEvent found)
    {
        if (found is not SequenceStart) return Text(found);
        var items = new List<string>();
        for (var item = Next(); item is not SequenceEnd; item = Next()) items.Add(Text(item));
        return $"[{string.Join(',', items)}]";
    }

    string Text(ParsingEvent found) => found switch
    {
        Scalar { Value.Length: > LongestText } => throw Refused($"a text of more than {LongestText:N0} characters; shorten it"),
        Scalar scalar => scalar.Value,
        _ => throw Refused($"expected a single value, not something nested; {Form}"),
    };

    void CheckIsNew(string name, ParsingEvent at)
    {
        if (!_lineOf.TryAdd(name, at.Start.Line)) throw Refused($"{name} is set on line {_lineOf[name]} already; remove one of the two");
    }

    /// <summary>The next event; the parser ends with an error or with <see cref="StreamEnd"/>.</summary>
    ParsingEvent Next()
    {
        try
        {
            _parser.MoveNext();
        }
        catch (YamlException error)
        {
            throw Refused($"not valid YAML: {error.Message}; {Form}", error.Start.Line);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // The library promises no other, but text can make it stumble, as ' : e' does.
            throw Refused($"not valid YAML, for the parser fails here ({error.Message}); {Form}");
        }
        return _parser.Current switch
        {
            AnchorAlias => throw Refused("an alias such as *name is not read here; repeat the value instead"),
            NodeEvent { Anchor.IsEmpty: false } => throw Refused("an anchor such as &name is not read here; leave it out"),
            NodeEvent { Tag.IsEmpty: false } => throw Refused("a tag such as !!str is not read here; leave it out"),
            { } found => found,
            null => throw Refused($"not valid YAML; {Form}"),
        };
    }

    OptionException Refused(string problem, long? line = null) =>
        new($"{_source} line {Math.Min(line ?? _parser.Current?.Start.Line ?? 1, _lastLine)}: {problem}");
}

/// <summary>A setting as its file has it.</summary>
/// <param name="Key">Section and name, such as <c>training.lr</c>.</param>
/// <param name="Text">The value; a list is <c>[a,b]</c>.</param>
/// <param name="Line">Line of the name, counted from 1.</param>
sealed record SettingsLine(string Key, string Text, long Line);
