using System.Text;
using NativeRetrieval.Audio.Metadata;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Audio.Tests.Metadata;

public sealed class SoundTagsTests : IDisposable
{
    const string Soundminer = """
        <?xml version="1.0" encoding="UTF-16"?>
        <BWFXML><PROJECT>Harbour</PROJECT><USER><FXNAME>Hinge Squeak</FXNAME><CATEGORY>DOORS</CATEGORY><SUBCATEGORY>WOOD</SUBCATEGORY>
        <CATID>DOORWood</CATID><KEYWORDS>creak, hinge; old</KEYWORDS><LIBRARY>House One</LIBRARY><MICROPHONE>MKH 8040</MICROPHONE></USER>
        <ASWG><notes>An old &amp; heavy door</notes></ASWG></BWFXML>
        """;
    const string Aswg = """
        <BWFXML><ASWG><contentType>music</contentType><originatorStudio>Pier Nine</originatorStudio><session>song_v12</session>
        <micConfig>ORTF</micConfig><recordingLoc>Lisbon</recordingLoc><recEngineer>Jo Fader</recEngineer><recStudio>Hall B</recStudio>
        <loudness>-23.0</loudness><text>Get down, now!</text><effortType>strain</effortType><projection>5</projection>
        <characterName>Captain</characterName><characterGender>Unknown</characterGender><actorName>Kim Voice</actorName>
        <emotion>angry/afraid</emotion><isUnion>true</isUnion><composer>Ida Chord</composer><songTitle>Tide</songTitle>
        <genre>Folk</genre><subGenre>Shanty</subGenre><instrument>fiddle; drum</instrument><musicPublisher>Salt Music</musicPublisher>
        <isLoop>false</isLoop><tempo>92</tempo></ASWG></BWFXML>
        """;

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    SoundText Read(byte[] bytes)
    {
        File.WriteAllBytes(_folder["sound"], bytes);
        return SoundTags.Read(_folder["sound"]);
    }

    static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    [Fact]
    public void A_library_s_WAV_has_bext_iXML_INFO_and_ID3()
    {
        var text = Read(TaggedSounds.Wav(("bext", TaggedSounds.Bext("Door, cellar", "Ann Recorder")), ("iXML", Utf8(Soundminer)),
            ("LIST", TaggedSounds.Info(("ICMT", "wet"), ("IKEY", "Creak; damp"))),
            ("id3 ", TaggedSounds.Id3(3, ("TXXX", [0, .. "KEYWORDS\0iron/latch"u8])))));
        Assert.Equal("Hinge Squeak", text.Title);
        Assert.Equal("Door, cellar; An old & heavy door; wet", text.Description);
        Assert.Equal(("DOORS-WOOD", "DOORWood", "House One"), (text.Category, text.CatId, text.Library));
        Assert.Equal(["creak", "hinge", "old", "damp", "iron", "latch"], text.Tags);
        Assert.Contains("MKH 8040", text.Other);
        Assert.Contains("Ann Recorder", text.Other);
        Assert.Empty(text.Notes);
    }

    [Fact]
    public void ASWG_has_music_and_speech()
    {
        var text = Read(TaggedSounds.Wav(("iXML", Utf8(Aswg))));
        Assert.Equal(("Tide", "Get down, now!", "Folk-Shanty"), (text.Title, text.Description, text.Category));
        Assert.Equal(["strain", "angry", "afraid", "fiddle", "drum"], text.Tags);
        Assert.Equal("music; Pier Nine; ORTF; Lisbon; Jo Fader; Hall B; Captain; Kim Voice; Ida Chord; Salt Music", text.Other);
    }

    [Fact]
    public void Soundminer_has_titles_categories_and_makers()
    {
        var text = Read(TaggedSounds.Wav(("iXML", Utf8("""
            <BWFXML><USER><TRACKTITLE>HINGE</TRACKTITLE><CATEGORYFULL>DOORS-WOOD</CATEGORYFULL><RATING>5</RATING><CDTITLE>House</CDTITLE>
            <COMPOSER>Al</COMPOSER><PUBLISHER>Barn</PUBLISHER><RECTYPE>wild</RECTYPE><RECMEDIUM>tape</RECMEDIUM><OPENTIER>2</OPENTIER>
            <USERCOMMENTS>too short</USERCOMMENTS></USER></BWFXML>
            """))));
        Assert.Equal(("HINGE", "DOORS-WOOD", "House", "too short"), (text.Title, text.Category, text.Library, text.Description));
        Assert.Equal("Al; Barn; wild; tape", text.Other);
    }

    [Fact]
    public void ID3_and_INFO_name_those_who_took_part()
    {
        static byte[] Latin1(string value) => [0, .. Encoding.Latin1.GetBytes(value)];
        var text = Read(TaggedSounds.Wav(("LIST", TaggedSounds.Info(("IENG", "Eve Desk"), ("IGNR", "Weather"), ("ITCH", "Tom Tape"))),
            ("id3 ", TaggedSounds.Id3(4, ("TIT1", Latin1("Hurricane")), ("TCOM", Latin1("Cy Staff")), ("TPE2", Latin1("The Band")),
                ("TEXT", Latin1("Wren Verse")), ("TCON", Latin1("weather")), ("TBPM", Latin1("120"))))));
        Assert.Equal(("Hurricane", "Weather"), (text.Description, text.Category));
        Assert.Equal("Eve Desk; Tom Tape; Cy Staff; The Band; Wren Verse", text.Other);
    }

    [Fact]
    public void A_genre_beside_a_category_is_kept() =>
        Assert.Equal(("MUSICAL", "Jazz"), (SoundText.OfFields([("Category", "MUSICAL"), ("Genre", "Jazz")]).Category,
            SoundText.OfFields([("Category", "MUSICAL"), ("Genre", "Jazz")]).Other));

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void ID3_is_read_in_every_encoding(int version)
    {
        string comment = version == 2 ? "COM" : "COMM", title = version == 2 ? "TT2" : "TIT2", album = version == 2 ? "TAL" : "TALB";
        byte[] utf16 = [1, .. "eng"u8, 0xFF, 0xFE, 0, 0, 0xFF, 0xFE, .. Encoding.Unicode.GetBytes("Glöcken läuten")];
        var text = Read([.. TaggedSounds.Id3(version, (title, [0, .. Encoding.Latin1.GetBytes("Glöck")]), (comment, utf16),
            (album, [1, 0xFE, 0xFF, .. Encoding.BigEndianUnicode.GetBytes("Türme")])), 0xFF, 0xFB, 0x90, 0, .. new byte[413]]);
        Assert.Equal(("Glöck", "Glöcken läuten", "Türme"), (text.Title, text.Description, text.Library));
    }

    [Fact]
    public void ID3v1_adds_what_version_2_lacks()
    {
        var text = Read([.. TaggedSounds.Id3(3, ("TIT2", [0, .. "A title longer than thirty characters are"u8])), .. new byte[100],
            .. TaggedSounds.Id3v1("A title longer than thirty cha", "Album")]);
        Assert.Equal(("A title longer than thirty characters are", "Album"), (text.Title, text.Library));
        Assert.Null(text.Other);
    }

    [Fact]
    public void Vorbis_comments_are_read_in_FLAC_and_over_pages_of_Ogg()
    {
        string[] comments = ["TITLE=Bell", "description=Tolls\nslowly", "KEYWORDS=bronze", "keywords=church", "METADATA_BLOCK_PICTURE="
            + new string('A', 200_000),
            "GENRE=Bells"];
        foreach (byte[] file in (byte[][])[TaggedSounds.Flac(TaggedSounds.Comments(comments)),
            TaggedSounds.OggVorbis(TaggedSounds.Comments(comments))])
        {
            var text = Read(file);
            Assert.Equal(("Bell", "Tolls slowly", "Bells"), (text.Title, text.Description, text.Category));
            Assert.Equal(["bronze", "church"], text.Tags);
            Assert.Empty(text.Notes);
        }
    }

    [Fact]
    public void AIFF_has_its_own_text_chunks()
    {
        var text = Read(TaggedSounds.Aiff(("NAME", "Wave"), ("ANNO", "on a pebble beach"), ("AUTH", "Bo")));
        Assert.Equal(("Wave", "on a pebble beach", "Bo"), (text.Title, text.Description, text.Other));
    }

    [Fact]
    public void A_real_file_without_tags_has_no_text_and_no_notes()
    {
        WavFile.Write(_folder["tone.wav"], 0.1, 440);
        var text = SoundTags.Read(_folder["tone.wav"]);
        Assert.Equal((null, null, null, 0, 0), (text.Title, text.Description, text.Other, text.Tags.Count, text.Notes.Count));
        Assert.Throws<FileReadException>(() => SoundTags.Read(_folder["none.wav"]));
        Assert.Throws<FileReadException>(() => SoundTags.Read(_folder.FullPath));
    }

    [Fact]
    public void Damaged_and_oversized_tags_are_noted_and_what_comes_before_is_kept()
    {
        var text = Read(TaggedSounds.Wav(("iXML", Utf8("<BWFXML><USER><FXNAME>Kept</FXNAME><CATID>lost"))));
        Assert.Equal("Kept", text.Title);
        Assert.Contains("iXML", Assert.Single(text.Notes));
        Assert.Contains("'bext' has 2,000,000 bytes", Assert.Single(Read(TaggedSounds.Wav(("bext", new byte[2_000_000]))).Notes));
        byte[] cut = TaggedSounds.Wav(("LIST", TaggedSounds.Info(("INAM", "Cut"), ("ICMT", "gone"))));
        Assert.NotEmpty(Read(cut[..^3]).Notes);
        Assert.NotEmpty(Read(TaggedSounds.Flac(TaggedSounds.Comments("TITLE=a")[..^1])).Notes);
        Assert.NotEmpty(Read([.. "ID3"u8, 3, 0, 0, 0x7F, 0x7F, 0x7F, 0x7F, .. "TIT2"u8, 0x7F, 0, 0, 0, 0, 0]).Notes);
    }

    [Fact]
    public void An_entity_bomb_is_no_work()
    {
        string bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]><x><FXNAME>&b;</FXNAME></x>";
        var text = Read(TaggedSounds.Wav(("iXML", Utf8(bomb))));
        Assert.Null(text.Title);
        Assert.NotEmpty(text.Notes);
    }

    [Fact]
    public void Controls_and_direction_marks_are_no_text() =>
        Assert.Equal("a b c", Read(TaggedSounds.Flac(TaggedSounds.Comments("TITLE=\u001b a\u202e\r\nb \u0007c "))).Title);

    [Theory]
    [InlineData("DOORWood_Cellar Door Open_BS_Home.wav", "DOORWood", "Cellar Door Open", null, null)]
    [InlineData("AMBForst-Night_Owls Far_BS_Home_ORTF_01.wav", "AMBForst", "Owls Far", "Night", null)]
    [InlineData("GUNAntq_Pistol-Shot Far_BS_Home.wav", "GUNAntq", "Shot Far", null, "Pistol")]
    [InlineData("GUNAntq-Close_Pistol-Shot-2_BS_Home.wav", "GUNAntq", "Shot-2", "Close", "Pistol")]
    [InlineData("GUNAntq_-Shot_BS_Home.wav", "GUNAntq", "-Shot", null, null)]
    [InlineData("GUNAntq_Shot-_BS_Home.wav", "GUNAntq", "Shot-", null, null)]
    [InlineData("door_open_01_final.wav", null, null, null, null)]
    [InlineData("DOORWood_Cellar.wav", null, null, null, null)]
    public void UCS_names_are_known_by_their_form(string name, string? id, string? fx, string? user, string? vendor)
    {
        var parsed = UcsName.TryParse(name);
        Assert.Equal((id, fx, user, vendor), (parsed?.CatId, parsed?.FxName, parsed?.UserCategory, parsed?.VendorCategory));
    }

    [Fact]
    public void The_first_source_counts_and_tags_are_joined()
    {
        var first = SoundText.OfFields([("FX Name", "Slam"), ("keywords", "door, loud"), ("Weather", "dry")]);
        var both = first.Or(new SoundText { Title = "other", Description = "a door", Tags = ["Loud", "near"] });
        Assert.Equal(("Slam", "a door", "dry"), (both.Title, both.Description, both.Other));
        Assert.Equal(["door", "loud", "near"], both.Tags);
    }
}
