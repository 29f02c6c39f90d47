using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Evaluation.Metrics;

/// <summary>
/// Groups of queries that are alike, such as captions of one kind of sound: intervals are then those of a bootstrap of whole groups.
/// </summary>
/// <param name="Column">Column of the caption file that names a clip's group.</param>
/// <param name="Count">Number of groups.</param>
/// <param name="OfQuery">Group of each text, from 0: that of the clips that answer it.</param>
/// <param name="OfClip">Group of each clip, from 0.</param>
public sealed record QueryGroups(string Column, int Count, IReadOnlyList<int> OfQuery, IReadOnlyList<int> OfClip)
{
    /// <summary>The groups of an evaluation.</summary>
    /// <param name="groupOfClip">Name of each clip's group.</param>
    /// <exception cref="OptionException">The clips that answer one text are of several groups, or there is one group alone.</exception>
    internal static QueryGroups Of(string column, IReadOnlyList<string> groupOfClip, RetrievalTask task)
    {
        var number = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string name in groupOfClip) number.TryAdd(name, number.Count);
        if (number.Count < 2)
            throw new OptionException($"--group {column}: all clips are of one group, '{groupOfClip[0]}'; an interval takes two or more");
        int[] ofClip = [.. groupOfClip.Select(name => number[name])];
        var ofQuery = new int[task.Texts.Count];
        for (int query = 0; query < ofQuery.Length; query++)
        {
            var clips = task.TextToClips.ItemsOf(query);
            ofQuery[query] = ofClip[clips[0]];
            foreach (int clip in clips)
                if (ofClip[clip] != ofQuery[query])
                    throw new OptionException($"--group {column}: the query \"{task.Texts[query]}\" is answered by clips of the groups "
                        + $"'{groupOfClip[clips[0]]}' and '{groupOfClip[clip]}'; name a column by which each query is of one group");
        }
        return new(column, number.Count, ofQuery, ofClip);
    }
}
