using System.Globalization;
using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>
/// The tensors of one kind of network under this program's names, with shapes in which sizes stand by name: a file of
/// <c>Architectures</c>. Matching it against a checkpoint finds the sizes.
/// </summary>
sealed class Architecture
{
    readonly ArchitectureDocument _document;

    public Architecture(ArchitectureDocument document)
    {
        _document = document;
        Ignore = IgnoreRule.Of(document.Ignore);
        // A checkpoint is recognised by the first tensor.
        Anchor = NameTemplate.Alternatives(document.Tensors.GetAt(0).Key).First();
    }

    public string Name => _document.Name;

    public bool IsAudio => _document.Kind == "audio";

    public bool IsText => _document.Kind == "text";

    /// <summary>True for learned factors, which are settings here and no tensors.</summary>
    public bool IsScale => _document.Kind == "scale";

    /// <summary>Names of the output widths of its parts, in order; the last is the width of the vectors.</summary>
    public IReadOnlyList<string> Widths => _document.Widths;

    /// <summary>Names of its tensors, as templates.</summary>
    public IEnumerable<string> Names => _document.Tensors.Keys;

    /// <summary>Name of a tensor that every checkpoint of this kind has.</summary>
    public string Anchor { get; }

    public IReadOnlyList<IgnoreRule> Ignore { get; }

    /// <param name="find">Gives the checkpoint's tensor of a name, or null.</param>
    public PartMatch Match(Func<string, CheckpointTensor?> find)
    {
        var match = new PartMatch(new Dictionary<string, long>(_document.Sizes));
        foreach (var (names, shape) in _document.Tensors)
            foreach (var loops in Iterations(names, match.Sizes, find))
                foreach (string name in NameTemplate.Alternatives(NameTemplate.Fill(names, loops)))
                    match.Add(name, Find(name, find),
                        NameTemplate.Fill(shape, loops).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        foreach (var (names, kind) in _document.Buffers ?? [])
            foreach (var loops in Iterations(names, match.Sizes, find))
                foreach (string name in NameTemplate.Alternatives(NameTemplate.Fill(names, loops)))
                    if (find(name) is { } tensor) match.Add(name, kind, tensor);
        return match;
    }

    CheckpointTensor? Find(string name, Func<string, CheckpointTensor?> find)
    {
        if (find(name) is { } tensor) return tensor;
        foreach (var (ending, older) in _document.Aliases ?? [])
            if (name.EndsWith(ending, StringComparison.Ordinal)) return find(name[..^ending.Length] + older);
        return null;
    }

    static string? Discovered(string range) =>
        range[(range.IndexOf("..", StringComparison.Ordinal) + 2)..] is var end && !char.IsAsciiDigit(end[0]) ? end : null;

    /// <summary>
    /// Number of repetitions of a tensor in the checkpoint, without a gap; at least one, so that a missing tensor has a name.
    /// </summary>
    static int Count(string loop, string template, Func<string, CheckpointTensor?> find)
    {
        int count = 0;
        while (find(NameTemplate.Fill(template, new Dictionary<string, int> { [loop] = count })) is not null) count++;
        return Math.Max(count, 1);
    }

    /// <summary>
    /// All values of the loops in a template. A loop that is counted in the checkpoint may be inside another: its number, which may differ
    /// in each, is then a size by the names and values of both, such as <c>block0</c> for the loop <c>block</c> in the layer 0.
    /// </summary>
    IEnumerable<IReadOnlyDictionary<string, int>> Iterations(string names, Dictionary<string, long> sizes,
        Func<string, CheckpointTensor?> find)
    {
        List<IReadOnlyDictionary<string, int>> all = [new Dictionary<string, int>()];
        foreach (string loop in NameTemplate.LoopsOf(names))
            all = [.. all.SelectMany(outer => Values(loop, outer).Select(value => new Dictionary<string, int>(outer) { [loop] = value }))];
        return all;

        IEnumerable<int> Values(string loop, IReadOnlyDictionary<string, int> outer)
        {
            string range = _document.Loops[loop];
            int first = int.Parse(range[..range.IndexOf('.')], CultureInfo.InvariantCulture);
            if (Discovered(range) is not { } template)
                return Enumerable.Range(first, int.Parse(range[(range.LastIndexOf('.') + 1)..], CultureInfo.InvariantCulture) - first + 1);
            string size = loop + string.Concat(NameTemplate.LoopsOf(template).Where(outer.ContainsKey).Select(name => outer[name]));
            if (!sizes.ContainsKey(size)) sizes[size] = Count(loop, NameTemplate.Fill(template, outer), find);
            return Enumerable.Range(first, (int)sizes[size]);
        }
    }
}
