using System.Globalization;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Training.Runs;

/// <summary>
/// The checkpoints of a run: the newest and the one before it, each <c>checkpoint-N.safetensors</c> with its receipt
/// <c>checkpoint-N.json</c>. Saving writes file N + 1, reads it back, writes its receipt, then deletes file N − 1: at every moment there is
/// a complete checkpoint, and a damaged one has another before it. A file without a receipt was not completed.
/// </summary>
sealed class CheckpointStore(string folder)
{
    const string Prefix = "checkpoint-", Suffix = ".safetensors", ReceiptSuffix = ".json";

    long? _last;

    /// <summary>Receipt that earlier versions kept of their only checkpoint.</summary>
    string OldPointerPath => Path.Combine(folder, "last.json");

    /// <summary>Numbers of the checkpoints that have receipts, the newest first; the receipts may be damaged.</summary>
    IReadOnlyList<long> Numbers =>
        [.. NumbersOf(ReceiptSuffix).Concat(OldPointer() is { } old ? [old.Number] : []).Distinct().OrderDescending()];

    /// <summary>True where there is a file of a checkpoint, complete or not.</summary>
    public static bool AreIn(string folder) =>
        Directory.Exists(folder) && Directory.EnumerateFiles(folder, Prefix + "*").Any();

    /// <exception cref="FileWriteException">The disk refused; the checkpoint before is the newest.</exception>
    public void Save(IEnumerable<SafetensorsItem> tensors, TrainingState state, Func<CheckpointReceipt, CheckpointReceipt> describe)
    {
        var numbers = Numbers;
        long number = numbers.FirstOrDefault() + 1, before = _last ?? numbers.FirstOrDefault();
        string path = PathOf(number);
        CheckpointFile.Write(path, tensors, state);
        var receipt = new CheckpointReceipt
        {
            File = Path.GetFileName(path),
            SizeBytes = FileStatus.Of(path).SizeBytes,
            Sha256 = FileHash.Sha256(path),
        };
        DurableFile.WriteAllText(ReceiptPathOf(number), describe(receipt).ToJson());
        _last = number;
        DeleteAllBut(number, before);
    }

    /// <summary>
    /// The newest checkpoint that is whole, with its receipt and with the newest receipt that can be read; null where none was completed.
    /// </summary>
    /// <param name="noted">Called with a sentence where the newest is not whole and the one before it is taken.</param>
    /// <exception cref="CorruptFileException">There are checkpoints, and none is whole.</exception>
    public (Checkpoint Checkpoint, CheckpointReceipt Receipt, CheckpointReceipt Newest)? Load(Action<string>? noted = null)
    {
        var numbers = Numbers;
        CorruptFileException? first = numbers.Count == 0 || NewestFile > numbers[0] ? Incomplete() : null;
        CheckpointReceipt? newest = null;
        foreach (long number in numbers)
            try
            {
                var receipt = Receipt(number);
                newest ??= receipt;
                var checkpoint = CheckpointFile.Open(PathOf(number), receipt);
                _last = number;
                if (first is not null)
                    noted?.Invoke($"{first.Message}; going on from the checkpoint before it, "
                        + $"{receipt.File} (step {checkpoint.State.Step})");
                return (checkpoint, receipt, newest);
            }
            catch (CorruptFileException error)
            {
                first ??= error;
            }
        return first is null ? null
            : throw new CorruptFileException(first.Path, $"{first.Problem}; restore it, or start a new run with --init-from", first);
    }

    /// <summary>Removes what a killed process left: unfinished files, and checkpoints before the two newest.</summary>
    public void CleanUp()
    {
        DurableFile.DeleteLeftovers(folder);
        var numbers = Numbers;
        if (numbers.Count > 0 && _last == numbers[0] && !(NewestFile > numbers[0]))
            DeleteAllBut(numbers[0], numbers.Count > 1 ? numbers[1] : numbers[0]);
    }

    long? NewestFile => NumbersOf(Suffix).Select(number => (long?)number).Max();

    string PathOf(long number) => Path.Combine(folder, $"{Prefix}{number.ToString(CultureInfo.InvariantCulture)}{Suffix}");

    string ReceiptPathOf(long number) => Path.ChangeExtension(PathOf(number), ReceiptSuffix);

    /// <summary>The fault of the newest file where it has no receipt; null: none, or it is of a run that had not begun.</summary>
    CorruptFileException? Incomplete()
    {
        if (NewestFile is not { } number) return null;
        string path = PathOf(number), receipt = Path.GetFileName(ReceiptPathOf(number));
        try
        {
            using var checkpoint = CheckpointFile.Open(path);
            return checkpoint.State.Step == 0 ? null
                : new CorruptFileException(path, $"its receipt {receipt} is absent: saving it was interrupted, or the receipt was deleted");
        }
        catch (CorruptFileException error)
        {
            return error;
        }
    }

    CheckpointReceipt Receipt(long number) => File.Exists(ReceiptPathOf(number))
        ? CheckpointReceipt.Read(ReceiptPathOf(number), Path.GetFileName(PathOf(number)))
        : OldPointer()!.Value.Receipt;

    void DeleteAllBut(params long[] kept)
    {
        if (OldPointer() is { } old && !kept.Contains(old.Number)) DurableFile.Delete(OldPointerPath);
        foreach (long number in NumbersOf(ReceiptSuffix).Except(kept)) DurableFile.Delete(ReceiptPathOf(number));
        foreach (long number in NumbersOf(Suffix).Except(kept)) DurableFile.Delete(PathOf(number));
    }

    IReadOnlyList<long> NumbersOf(string suffix) =>
        [.. Directory.EnumerateFiles(folder, Prefix + "*" + suffix).Select(file => NumberOf(Path.GetFileName(file), suffix)).OfType<long>()
            .Order()];

    static long? NumberOf(string file, string suffix) =>
        file.StartsWith(Prefix, StringComparison.Ordinal) && file.EndsWith(suffix, StringComparison.Ordinal)
        && long.TryParse(file.AsSpan(Prefix.Length, Math.Max(0, file.Length - Prefix.Length - suffix.Length)), NumberStyles.None,
            CultureInfo.InvariantCulture, out long number) ? number : null;

    (long Number, CheckpointReceipt Receipt)? OldPointer()
    {
        if (!File.Exists(OldPointerPath)) return null;
        try
        {
            using var json = SmallFile.ReadJson(OldPointerPath, SmallFile.LargestTextBytes);
            var root = json.RootElement;
            string file = root.GetProperty("file").GetString() ?? "";
            long number = NumberOf(file, Suffix) ?? throw new FormatException($"'{file}' is not the name of a checkpoint");
            return (number, new CheckpointReceipt
            {
                File = file,
                SizeBytes = root.GetProperty("size_bytes").GetInt64(),
                Sha256 = root.GetProperty("sha256").GetString() ?? "",
            });
        }
        catch (Exception error) when (error is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new CorruptFileException(OldPointerPath, $"not a checkpoint pointer: {error.Message}", error);
        }
    }
}
