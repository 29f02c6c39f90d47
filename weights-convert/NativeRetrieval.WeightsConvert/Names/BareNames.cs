using NativeRetrieval.Core.Errors;
using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>
/// The tensors of a checkpoint by their bare names: without the words that training programs wrap around a model or a part of it
/// (<c>module</c> by data parallelism, <c>_orig_mod</c> by compilation, <c>ema_model</c> by averaging), which are dropped wherever they
/// stand before the last word of a name. <c>model.module._orig_mod.audio_enc.module.conv1.weight</c> is bare as
/// <c>audio_enc.conv1.weight</c>.
/// </summary>
sealed class BareNames
{
    readonly Dictionary<string, CheckpointTensor> _byName = new(StringComparer.Ordinal);
    readonly List<(string Name, string Why)> _aside = [];

    /// <param name="prefix">Beginning of the names to take, in whole words; empty: names that begin with no wrapper; null: all.</param>
    /// <exception cref="CorruptFileException">Two tensors have one bare name; the message names both and how to choose.</exception>
    /// <exception cref="OptionException">No name begins with <paramref name="prefix"/>.</exception>
    public BareNames(CheckpointFile checkpoint, string? prefix)
    {
        prefix = prefix?.TrimEnd('.');
        foreach (var tensor in checkpoint.Tensors)
        {
            string bare = Of(tensor.Name);
            if (prefix is not null && !IsBehind(tensor.Name, prefix))
                _aside.Add((tensor.Name, "not behind the prefix that --prefix chose"));
            else if (_byName.TryAdd(bare, tensor)) continue;
            else if ((TrainingState(bare) ?? TrainingState(tensor.Name)) is { } why) _aside.Add((tensor.Name, why));
            else throw new CorruptFileException(checkpoint.Path, Ambiguity(_byName[bare].Name, tensor.Name, bare));
        }
        if (prefix is not null && _byName.Count == 0) throw NothingBehind(checkpoint, prefix);
    }

    /// <summary>The tensors that were taken, by bare name.</summary>
    public IReadOnlyDictionary<string, CheckpointTensor> Tensors => _byName;

    /// <summary>Tensors that were not taken, with the reason.</summary>
    public IReadOnlyList<(string Name, string Why)> Aside => _aside;

    /// <summary>The words of a name that are wrappers, in order.</summary>
    public static IEnumerable<string> WrappersOf(string name) => name.Split('.')[..^1].Where(NameMaps.Wrappers.Contains);

    static string Of(string name)
    {
        string[] words = name.Split('.');
        return string.Join('.', words.Where((word, i) => i == words.Length - 1 || !NameMaps.Wrappers.Contains(word)));
    }

    static bool IsBehind(string name, string prefix) =>
        prefix.Length == 0 ? !StartsWrapped(name)
        : name.Length > prefix.Length && name[prefix.Length] == '.' && name.StartsWith(prefix, StringComparison.Ordinal);

    static bool StartsWrapped(string name) => name.Contains('.') && NameMaps.Wrappers.Contains(name[..name.IndexOf('.')]);

    static string? TrainingState(string name) => NameMaps.CommonIgnore.FirstOrDefault(rule => rule.Matches(name))?.Why;

    static string Ambiguity(string one, string other, string bare)
    {
        string[] choices = [.. new[] { Choice(one, other), Choice(other, one) }.OfType<string>()];
        string advice = choices.Length > 0
            ? $"choose with --prefix {string.Join(" or --prefix ", choices)}"
            : "write the checkpoint anew with one of them";
        return $"{one} and {other} are both {bare} without the words of training programs; {advice}";
    }

    /// <summary>The prefix that takes the first name and not the second; null: there is none that wraps the whole model.</summary>
    static string? Choice(string name, string rival)
    {
        string[] words = name.Split('.');
        int wrapping = words[..^1].TakeWhile(NameMaps.Wrappers.Contains).Count();
        return Enumerable.Range(1, wrapping).Select(count => string.Join('.', words[..count]))
            .FirstOrDefault(prefix => IsBehind(name, prefix) && !IsBehind(rival, prefix))
            ?? (StartsWrapped(name) || !StartsWrapped(rival) ? null : "\"\"");
    }

    static OptionException NothingBehind(CheckpointFile checkpoint, string prefix)
    {
        var beginnings = checkpoint.Tensors.Select(tensor => tensor.Name.Split('.')[0]).Distinct().Take(8);
        return new OptionException($"--prefix {(prefix.Length > 0 ? prefix : "\"\"")}: no tensor of {checkpoint.Path} has a name behind "
            + $"it; names begin with {string.Join(", ", beginnings)}");
    }
}
