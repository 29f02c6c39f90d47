using FsCheck;
using FsCheck.Fluent;

namespace NativeRetrieval.Text.Tests;

public class AnyTextTests
{
    static readonly TextTokenizer _tokenizer = Tokenizers.Uncased;

    // Any UTF-16 units, half of them from ranges where something happens: ASCII, accents, Hangul, surrogates (often lone), marks.
    static readonly Arbitrary<string> _utf16 = Gen.Choose(0, 9)
        .SelectMany(kind => kind switch
        {
            0 or 1 or 2 => Gen.Choose(0x20, 0x7E),
            3 => Gen.Choose(0xC0, 0x17F),
            4 => Gen.Choose(0x300, 0x36F),
            5 => Gen.Choose(0xD800, 0xDFFF),
            6 => Gen.Choose(0xAC00, 0xD7A3),
            _ => Gen.Choose(0, 0xFFFF),
        })
        .Select(unit => (char)unit).ArrayOf().Select(units => new string(units)).ToArbitrary();

    [Fact]
    public void Any_text_gives_ids_of_the_vocabulary_within_the_limit() =>
        Prop.ForAll(_utf16, Gen.Choose(2, 40).ToArbitrary(), (text, limit) =>
        {
            int[] ids = _tokenizer.Encode(text, limit);
            return ids.Length >= 2 && ids.Length <= limit && ids[0] == 101 && ids[^1] == 102
                && ids.All(id => id >= 0 && id < _tokenizer.Vocabulary.Size);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void A_limit_only_cuts_the_end_off() =>
        Prop.ForAll(_utf16, Gen.Choose(2, 40).ToArbitrary(), (text, limit) =>
        {
            int[] all = _tokenizer.Encode(text, int.MaxValue / 2), cut = _tokenizer.Encode(text, limit);
            return all.Length <= limit ? cut.SequenceEqual(all) : cut.Length == limit && cut[..^1].SequenceEqual(all[..(limit - 1)]);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void Joining_texts_with_a_blank_joins_their_ids() =>
        Prop.ForAll(_utf16, _utf16, (first, second) =>
        {
            int[] both = _tokenizer.Encode(first + " " + second, 100_000);
            return both.SequenceEqual(_tokenizer.Encode(first, 100_000)[..^1].Concat(_tokenizer.Encode(second, 100_000)[1..]));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void The_caption_rule_accepts_any_text_and_is_idempotent() =>
        Prop.ForAll(_utf16, text =>
        {
            string once = CaptionNormalizer.Report.Apply(text);
            return CaptionNormalizer.Report.Apply(once) == once && once.IndexOfAny([.. CaptionNormalizer.Report.ToBlank]) < 0;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
}
