"""Free text of reports without the people in it: pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yingheng.review.veiling import COVER, known_of, veiled

KNOWN = known_of(
    patient=["ZHANG^SANFENG=张三丰", "ID-SECRET-7"],
    people=["李四光", "欧阳修远", "左叶", "WANG^XIAOMING"],
    places=["暗山县人民医院", "Secret General Hospital", "暗山市"],
    numbers=["ACC-20260105-9", "RP0077"],
    is_plain=lambda word: word == "左叶",
)


@pytest.mark.parametrize(
    "text",
    [
        "张三丰", "张 三丰", "张　三　丰", "Zhang Sanfeng", "SANFENG ZHANG", "zhangsanfeng",
        "ＺＨＡＮＧ　ＳＡＮＦＥＮＧ",
        "Zhang^Sanfeng", "Sanfeng", "ID-SECRET-7", "id secret 7", "ＩＤ－ＳＥＣＲＥＴ－７",
        "李四光", "李 四 光", "欧阳修远",
        "Xiaoming Wang", "暗山县人民医院", "暗山县 人民医院", "Secret General Hospital", "ACC-20260105-9", "rp0077",
        "2026-01-05", "2026年1月5日", "2026 年 1 月 5 日 14:30", "2026.01.05", "２０２６年１月５日",
        "2026/1/5", "20260105",
        "2026年3月", "2025年", "10月15日", "5 January 2026", "Jan 5, 2026", "13812345678", "138 1234 5678",
        "010-66778899",
        "11010119630724123X", "CT20260105001", "MR-1234567", "someone@hospital.cn",
    ],
)  # fmt: skip
def test_it_covers(text):
    shown = veiled(f"请结合临床，{text}，随访。", KNOWN)
    assert shown.startswith("请结合临床，")
    assert shown.endswith("，随访。")
    assert not any(char.isalnum() for char in shown[6:-4] if char not in "年月日")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("报告医师：赵钱孙 审核医师:周吴", "报告医师：■■■ 审核医师:■■"),
        ("姓名：诸葛亮，性别：男，年龄：63岁", "姓名：■■■，性别：男，年龄：63岁"),
        ("住院号：A1234，床号：12", "住院号：■■■■■，床号：■■"),
        ("诸葛亮，男，63岁；左肺，女，", "■■■，男，63岁；左肺，女，"),
        ("已电话告知张医生", "已电话告知■医生"),
        ("经李主任医师会诊，任医生与叶主任", "经■主任医师会诊，■医生与■主任"),
        ("请王小明大夫会诊", "请■■■大夫会诊"),
        ("对比2025年北京协和医院CT片", "对比■■■■■■■■■医院CT片"),
        ("左肺结节较北京协和医院片增大", "左肺结节较■■■■医院片增大"),
        ("左叶医师会诊；左叶实质回声均匀", "■■医师会诊；左叶实质回声均匀"),
    ],
)
def test_it_covers_what_only_looks_like_it(text, shown):
    assert veiled(text, KNOWN) == shown


@pytest.mark.parametrize(
    "text",
    [
        "左肺上叶见 12 mm 结节",
        "右侧第 3、4 肋骨骨折，L4/5 椎间盘突出，T2WI 高信号",
        "肝右叶 S8 段 23×18 mm 占位，CT 值约 45 HU，增强 120 HU",
        "与前片比较，左下肺病灶 1.5 cm，较前增大 20 %",
        "BI-RADS 4A 类；PI-RADS 3 分；Agatston 积分 1234.5",
        "3 月前手术，2 周后复查，每 6 个月随访",
        "层厚 1.25 mm，120 kV，250 mAs，b=1000 s/mm2，TR 2000 ms",
        "建议上级医院就诊，外院片未见，我院未查",
        "主动脉弓增宽，胆囊切除术后，甲状腺左叶结节",
        "The left upper lobe shows a 12 mm nodule, SUVmax 7.8; no long bone lesion",
        "对比剂 350 mgI/ml 80 ml，流速 4.5 ml/s，比例 1:20",
    ],
)
def test_findings_stay_as_they_are(text):
    assert veiled(text, KNOWN) == text


def test_a_latin_name_within_a_word_is_none():
    known = known_of(patient=["LI^MIN"], people=["HAN^BO"])
    assert (
        veiled("clinical minimum; Han Bo read it, Li Min came", known)
        == "clinical minimum; ■■■ ■■ read it, ■■ ■■■ came"
    )


def test_numbers_are_not_cut_out_of_longer_ones():
    known = known_of(numbers=["123"])
    assert veiled("1234 HU，123，a123b", known) == "1234 HU，■■■，a■■■b"


@given(st.text(alphabet="张三丰 　aZ1年月-０Ⅳ㎜𠮷\n：，左肺mm李医生", max_size=60))
def test_places_stay_and_twice_is_once(text):
    shown = veiled(text, KNOWN)
    assert len(shown) == len(text)
    assert all(one in {char, COVER} for one, char in zip(shown, text, strict=True))
    assert "张三丰" not in shown


def test_a_number_with_its_unit_is_a_measurement():
    known = known_of(numbers=["1024"])
    text = "CT 值 1024 HU，1024 mm，1024.5，1024×512；工号 1024"
    assert veiled(text, known) == text.replace("工号 1024", "工号 ■■■■")


def test_nothing_known_is_fine():
    assert veiled("", known_of()) == ""
    assert veiled("张三丰", known_of(patient=["", " "])) == "张三丰"
